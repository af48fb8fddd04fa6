"""A second, slow and plain, implementation of DESIGN Appendix A, and its instances."""
