"""A plan reaches the disk whole or not at all, and is read back or refused."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rodtrad.domain.components import Tables
from rodtrad.errors import InputError, SourceError
from rodtrad.sources.result_folder import (
    check_destination,
    read_result,
    render_json,
    write_result,
)

OBJECTS = ("meta", "status", "statement", "balance", "balanskrav", "indicators")
LISTS = ("choices", "projects", "goals", "reasons")
RESULT: dict[str, Any] = {
    **{key: {} for key in OBJECTS},
    **{key: [] for key in LISTS},
    "years": [2026],
    "note": "å\u2212",
}
DOCUMENTS = {"plan.xlsx": b"x", "plan.pdf": b"p", "plan.html": b"h"}
NOTHING = Tables({})


def test_written_plan_is_whole_and_reads_back(tmp_path: Path) -> None:
    paths = write_result(tmp_path / "ut" / "plan", RESULT, NOTHING, DOCUMENTS)
    assert [path.name for path in paths] == [
        "plan.html",
        "plan.pdf",
        "plan.xlsx",
        "plan.json",
        "underlag",
    ]
    assert all(path.exists() for path in paths)
    assert read_result(tmp_path / "ut" / "plan") == RESULT
    assert [path.name for path in (tmp_path / "ut").iterdir()] == ["plan"]
    assert (tmp_path / "ut" / "plan" / "plan.pdf").read_bytes() == b"p"


def test_plan_folder_is_as_readable_as_any_other(tmp_path: Path) -> None:
    """A web server or colleague may read it: not the private mode of scratch folders."""
    (tmp_path / "other").mkdir()
    write_result(tmp_path / "plan", RESULT, NOTHING, DOCUMENTS)
    modes = {stat.S_IMODE((tmp_path / d).stat().st_mode) for d in ("plan", "other")}
    assert len(modes) == 1


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    write_result(tmp_path / "plan", RESULT, NOTHING, DOCUMENTS)
    assert (tmp_path / "plan" / "plan.json").is_file()


def test_json_is_the_same_bytes_each_time_and_keeps_letters() -> None:
    text = render_json(RESULT)
    assert text == render_json(json.loads(text))
    assert "å\u2212" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "disken är full"),
        (errno.EACCES, "rättigheter saknas"),
        (errno.EROFS, "platsen går bara att läsa"),
        (errno.EIO, "operativsystemet säger nej"),
    ],
)
def test_a_write_that_fails_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    real = Path.write_bytes

    def failing(path: Path, data: bytes) -> int:
        if path.name == "plan.pdf":
            raise OSError(number, "from the system")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(SourceError, match=f": {why}. Inget är ändrat.") as caught:
        write_result(tmp_path / "ny" / "plan", RESULT, NOTHING, DOCUMENTS)
    assert caught.value.code == "out_unwritable"
    assert list(tmp_path.iterdir()) == []


def test_a_real_limit_on_file_size_leaves_no_trace(tmp_path: Path) -> None:
    """The system itself refuses the write, as on a full disk."""
    program = f"""
import resource
from pathlib import Path
from rodtrad.domain.components import Tables
from rodtrad.errors import InputError, SourceError
from rodtrad.sources.result_folder import write_result
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_result(Path({str(tmp_path / "plan")!r}), {{"choices": []}}, Tables({{}}),
                 {{"plan.pdf": b"p" * 60_000}})
except SourceError as error:
    print(error.code)
"""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stdout == "out_unwritable\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("x")])
def test_an_interrupted_write_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def failing(_path: Path, _data: bytes) -> int:
        raise error

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(type(error)):
        write_result(tmp_path / "plan", RESULT, NOTHING, DOCUMENTS)
    assert list(tmp_path.iterdir()) == []


def test_asking_whether_a_folder_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    check_destination(tmp_path / "a" / "b" / "plan")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dagbok.txt").write_text("min", encoding="utf-8")
    with pytest.raises(SourceError, match="innehåller redan filer"):
        check_destination(tmp_path)
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SourceError, match="innehåller redan en plan"):
        write_result(tmp_path, RESULT, NOTHING, DOCUMENTS)
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "{}"


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="namnet är för långt"):
        check_destination(tmp_path / ("a" * 300))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"choices": 1}',
        b"\xff\xfe",
        b'{"choices": [], "a": NaN}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_plan_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(InputError, match="går inte att läsa som en plan"):
        read_result(tmp_path)


@pytest.mark.parametrize("key", [*OBJECTS, *LISTS, "years"])
@pytest.mark.parametrize("wrong", [None, 3, "x", [1.5]])
def test_a_plan_of_another_shape_is_refused_in_words(
    tmp_path: Path, key: str, wrong: object
) -> None:
    text = render_json({**RESULT, key: wrong})
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="går inte att läsa som en plan"):
        read_result(tmp_path)


def test_a_missing_plan_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="finns inte"):
        read_result(tmp_path)
