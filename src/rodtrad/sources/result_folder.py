"""How does a plan reach the disk whole or not at all, and how is it read back?

A plan is a folder: `plan.json`, `plan.xlsx`, `plan.html`, `plan.pdf` and `underlag/`.
An interrupted run leaves nothing (writing). Leaves out what the files say (publish).
"""

from __future__ import annotations

import errno
import json
import math
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodtrad.domain.messages import issue
from rodtrad.domain.words import _
from rodtrad.errors import InputError, Issue
from rodtrad.sources.writing import new_folder, reason, source_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rodtrad.domain.components import Tables

LONGEST_INT = 18
RESULT_FILE = "plan.json"
# The proofs of the agreement map, for `verify`.
CERTIFICATES_FILE = "certificates.json"
TABLES_FOLDER = "underlag"


class _LookedEnoughError(Exception):
    """Leaves a folder that was opened only to see whether it can be."""


def check_destination(folder: Path) -> None:
    """Raise SourceError unless a plan can be written to `folder`; leaves no trace.

    The folder may be absent or empty. Called before anything is computed.
    """
    with suppress(_LookedEnoughError), _destination(folder):
        raise _LookedEnoughError


@contextmanager
def _destination(folder: Path) -> Iterator[Path]:
    """Yield a scratch folder that becomes `folder`; on failure no new parent is left."""
    try:
        target = folder.resolve()
        created = [parent for parent in target.parents if not parent.exists()]
        nearest = next(parent for parent in target.parents if parent.exists())
        in_the_way = folder if folder.is_file() else nearest
        if not in_the_way.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "")
        if is_result(folder):
            raise source_error("out_exists", dir=folder)
    except OSError as error:
        raise source_error("out_unwritable", dir=folder, why=reason(error)) from error
    try:
        with new_folder(target) as scratch:
            yield scratch
    finally:
        for parent in created:
            with suppress(OSError):  # holds the finished plan, or never came to be
                parent.rmdir()


def write_result(
    folder: Path,
    result: Mapping[str, Any],
    tables: Tables,
    documents: Mapping[str, bytes],
) -> list[Path]:
    """Write a plan and its underlag to `folder` and return the paths, or write nothing.

    Args:
        folder: absent or empty.
        result: what becomes `plan.json`.
        tables: what becomes `underlag/`.
        documents: file name to content, such as `plan.pdf`.

    Returns:
        The written files and the underlag folder, in the order a reader wants them.

    Raises:
        SourceError: `folder` is taken or cannot be written.
    """
    from rodtrad.sources.csv_folder import csv_texts

    content = {RESULT_FILE: render_json(result).encode(), **documents}
    for name, text in csv_texts(tables).items():
        content[f"{TABLES_FOLDER}/{name}.csv"] = text.encode()
    with _destination(folder) as scratch:
        (scratch / TABLES_FOLDER).mkdir()
        for name, data in content.items():
            (scratch / name).write_bytes(data)
    names = [*sorted(documents, key=_reading_order), RESULT_FILE, TABLES_FOLDER]
    return [folder / name for name in names]


def _reading_order(name: str) -> int:
    order = [".html", ".pdf", ".xlsx"]
    suffix = Path(name).suffix
    return order.index(suffix) if suffix in order else len(order)


def render_json(result: Mapping[str, Any]) -> str:
    """Return `result` as the text of plan.json; the same result gives the same bytes."""
    text = json.dumps(
        result, ensure_ascii=False, indent=1, sort_keys=False, allow_nan=False
    )
    return text + "\n"


def is_result(folder: Path) -> bool:
    """Return whether `folder` holds a plan that this program wrote."""
    return (folder / RESULT_FILE).is_file()


def read_result(folder: Path) -> dict[str, Any]:
    """Return the content of the plan in `folder`.

    Raises:
        InputError: there is no plan there, or it cannot be read.
    """
    path = folder / RESULT_FILE
    if not path.is_file():
        raise InputError([issue("file_missing", file=path)])
    try:
        result: Any = json.loads(
            path.read_bytes().decode("utf-8"),
            parse_constant=_no_nan,
            parse_int=_short_int,
            parse_float=_finite,
        )
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not _has_shape(result):
        raise _damaged(path)
    return dict(result)


_OBJECTS = ("meta", "status", "statement", "balance", "balanskrav", "indicators")
_ROWS = ("choices", "projects", "goals", "reasons")


def _short_int(text: str) -> int:
    if len(text) > LONGEST_INT:
        raise ValueError(text[:LONGEST_INT])
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _has_shape(result: Any) -> bool:
    """Whether the parts that every reader of a plan goes into are there at all.

    Whether the figures in them are true is for `verify` to say.
    """
    return (
        isinstance(result, dict)
        and all(isinstance(result.get(key), dict) for key in _OBJECTS)
        and isinstance(result.get("years"), list)
        and all(isinstance(year, int) for year in result["years"])
        and all(
            isinstance(result.get(key), list)
            and all(isinstance(row, dict) for row in result[key])
            for key in _ROWS
        )
        and isinstance(result["meta"].get("scenario"), str | None)
        and all(
            isinstance(row.get("project_id"), str)
            for key in ("projects", "reasons")
            for row in result[key]
        )
        and all(
            isinstance(row.get("text"), list)
            and all(isinstance(sentence, str) for sentence in row["text"])
            for row in result["reasons"]
        )
    )


def read_certificates_file(folder: Path) -> dict[str, Any] | None:
    """Return the proofs of the agreement map in `folder`; None when there are none.

    Raises:
        InputError: the file is there but cannot be read.
    """
    path = folder / CERTIFICATES_FILE
    if not path.is_file():
        return None
    try:
        found: Any = json.loads(
            path.read_bytes().decode("utf-8"),
            parse_constant=_no_nan,
            parse_int=_short_int,
            parse_float=_finite,
        )
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(found, dict):
        raise _damaged(path)
    return found


def render_certificates(certificates: Mapping[str, Any]) -> bytes:
    """Return proofs as the bytes of certificates.json, without spaces."""
    return json.dumps(certificates, separators=(",", ":")).encode()


def _no_nan(word: str) -> float:
    raise ValueError(word)


def _damaged(path: Path) -> InputError:
    return InputError(
        [
            Issue(
                "result_damaged",
                "error",
                "",
                None,
                "",
                _("Filen {file} går inte att läsa som en plan.").format(file=path),
                _("Hämta planen på nytt, eller räkna om den med `rodtrad plan`."),
            )
        ]
    )


def read_result_tables(folder: Path) -> tuple[Tables, list[Issue]]:
    """Return the underlag that the plan in `folder` was computed from, and its issues.

    Raises:
        InputError: nothing of the underlag can be read.
    """
    from rodtrad.sources.underlag import read_underlag

    return read_underlag(folder / TABLES_FOLDER)
