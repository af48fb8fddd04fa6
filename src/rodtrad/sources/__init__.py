"""Fetch and store: workbook and CSV folder to and from tables."""

from rodtrad.sources.csv_folder import read_csv_folder, write_csv_folder
from rodtrad.sources.template import write_template
from rodtrad.sources.underlag import read_underlag
from rodtrad.sources.workbook import read_workbook, write_workbook

__all__ = [
    "read_csv_folder",
    "read_underlag",
    "read_workbook",
    "write_csv_folder",
    "write_template",
    "write_workbook",
]
