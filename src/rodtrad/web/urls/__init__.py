"""Which address leads where: one file an area; `root` gathers them."""
