"""How the database came to look as it does, one file an area and a step."""
