"""Fetch and store: workbook and CSV folder to and from tables."""
