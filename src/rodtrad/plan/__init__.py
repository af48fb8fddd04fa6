"""What we choose: projects, alternatives and start years within every limit."""
