"""What answers an address: one file an area."""
