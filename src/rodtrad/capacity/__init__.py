"""What we can afford: the statements, the law's tests and the room for investment."""
