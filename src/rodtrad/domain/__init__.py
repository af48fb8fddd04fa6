"""What we talk about: the tables, their checks, units, words and law."""
