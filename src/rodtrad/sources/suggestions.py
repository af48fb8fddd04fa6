"""How do suggested rows reach the underlag? A folder or workbook with nothing else.

Every sheet or file has the headings of the underlag's own, so that rows can be pasted
in or moved over. Tables without rows are left out, required ones too: this is no
underlag of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rodtrad.sources.csv_folder import csv_texts
from rodtrad.sources.writing import new_file, new_folder, source_error

if TYPE_CHECKING:
    from pathlib import Path

    from rodtrad.domain.components import Tables


def is_workbook(path: Path) -> bool:
    """Return whether a path names a workbook rather than a folder."""
    return path.suffix.lower() == ".xlsx"


def check_suggestions_path(path: Path) -> None:
    """Raise SourceError if something is there already; called before computing.

    Raises:
        SourceError: a file, or a folder with anything in it.
    """
    if path.is_dir() and (is_workbook(path) or any(path.iterdir())):
        raise source_error("out_exists.folder", dir=path.name)
    if path.is_file():
        raise source_error("out_exists.file", dir=path.name)


def write_suggestions(tables: Tables, path: Path) -> list[Path]:
    """Write the tables that have rows and return the paths, or write nothing.

    Args:
        tables: suggested rows alone.
        path: a workbook (`.xlsx`), or an absent or empty folder.

    Raises:
        SourceError: the path is taken or cannot be written.
    """
    filled = [table for table in tables.values() if len(table)]
    if is_workbook(path):
        from rodtrad.sources.workbook import save, write_sheets

        with new_file(path) as temporary:
            save(temporary, path, lambda workbook: write_sheets(workbook, filled))
        return [path]
    texts = csv_texts(tables)
    with new_folder(path) as folder:
        for table in filled:
            (folder / f"{table.name}.csv").write_text(
                texts[table.name], encoding="utf-8", newline=""
            )
    return [path / f"{table.name}.csv" for table in filled]
