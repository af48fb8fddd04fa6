"""How does the outcome of an envelope reach the disk, and how is it read back?

A folder: `envelope.json` (the result), `receipts.csv` (a line for each ballot),
`receipts.json` (each receipt exactly), `ballots.pb` (what it was computed from, without
facts about people) and `envelope.html`. Written whole or not at all. Leaves out what the
files say (dialogue, publish).
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import _
from rodtrad.errors import InputError, Issue
from rodtrad.sources.pabulib import render_pabulib
from rodtrad.sources.writing import new_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rodtrad.domain.ballots import Envelope

RESULT_FILE: Final = "envelope.json"
BOOK_FILE: Final = "receipts.json"
ROWS_FILE: Final = "receipts.csv"
BALLOTS_FILE: Final = "ballots.pb"


def write_envelope(
    folder: Path,
    envelope: Envelope,
    result: Mapping[str, Any],
    book: Sequence[Mapping[str, Any]],
    rows: Iterable[Sequence[str]],
    documents: Mapping[str, bytes],
) -> list[Path]:
    """Write the files of an outcome into a new folder and return their paths.

    `rows` begin with the heading; without receipts they are none, and no file.

    Raises:
        SourceError: the folder holds files already, or cannot be written.
    """
    contents = {
        RESULT_FILE: _json(result),
        BALLOTS_FILE: render_pabulib(envelope),
        **documents,
    }
    lines = _csv(rows)
    if lines:
        contents |= {ROWS_FILE: lines, BOOK_FILE: _json(book)}
    with new_folder(folder) as target:
        for name, data in contents.items():
            (target / name).write_bytes(data)
    return [folder / name for name in contents]


def read_envelope(
    folder: Path,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[list[str]]]:
    """Return the result, the receipts and the lines of the ballots below the heading.

    Raises:
        InputError: a file is missing or cannot be read.
    """
    result = _read_json(folder / RESULT_FILE)
    if not isinstance(result, dict):
        raise _damaged(folder / RESULT_FILE)
    if result.get("rule") == "greedy":
        return result, [], []
    book = _read_json(folder / BOOK_FILE)
    path = folder / ROWS_FILE
    try:
        text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _damaged(path) from error
    whole = isinstance(book, list) and all(isinstance(one, dict) for one in book)
    if not whole or not rows or any(len(row) != len(rows[0]) for row in rows):
        raise _damaged(path)
    return result, book, rows[1:]


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    message = _("Filen {file} saknas i mappen eller går inte att läsa.").format(
        file=path.name
    )
    remedy = _("Ange en mapp som rodtrad envelope har skrivit.")
    return InputError(
        [Issue("envelope_damaged", "error", "", None, "", message, remedy)]
    )
