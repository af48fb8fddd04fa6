"""Where is the underlag? One door to a workbook or a CSV folder, whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rodtrad.domain.messages import issue
from rodtrad.errors import InputError
from rodtrad.sources.writing import reason

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue


def read_tables(path: str | Path) -> Tables:
    """Return the tables of a workbook or a CSV folder, for a notebook.

    Raises:
        InputError: nothing can be read, or some cell cannot; all faults at once.
    """
    tables, issues = read_underlag(path)
    if any(found.severity == "error" for found in issues):
        raise InputError(issues)
    return tables


def read_underlag(path: str | Path) -> tuple[Tables, list[Issue]]:
    """Return the tables of a workbook or a CSV folder, and the issues of reading.

    A cell or sheet that cannot be read is an issue and left blank, so that all faults
    are found at once; run `checks.check_tables` on the tables for the rest.

    Raises:
        InputError: nothing can be read at all.
    """
    path = Path(path)
    try:
        if path.is_dir():
            from rodtrad.sources.csv_folder import read_csv_folder

            return read_csv_folder(path)
        if not path.exists():
            raise InputError([issue("file_missing", file=path.name)])
        from rodtrad.sources.workbook import read_workbook

        return read_workbook(path)
    except OSError as error:
        fault = issue("file_unreadable", file=path.name, why=reason(error))
        raise InputError([fault]) from error
