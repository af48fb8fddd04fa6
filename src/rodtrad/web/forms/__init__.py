"""What people send, read and checked: one file an area."""
