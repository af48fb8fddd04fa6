"""Tell people: the plan as page, document and workbook."""
