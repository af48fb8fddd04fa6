"""Numbers, dates, lists and labels in English, and who says which language it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA, SETTINGS
from rodtrad.domain.messages import issue
from rodtrad.domain.words import NBSP, in_language, language

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda: words.number(-1250.45, 1), "−1,250.5"),
        (lambda: words.number(None), "–"),
        (lambda: words.money_text(280_000), "SEK 280 million"),
        (lambda: words.money_text(2_800), "SEK 2.8 million"),
        (lambda: words.money_text(1_000), "SEK 1 million"),
        (lambda: words.money_text(250), "SEK 250,000"),
        (lambda: words.money_text(0.2), "less than SEK 1,000"),
        (lambda: words.money_text(0), "SEK 0"),
        (lambda: words.money_text(2_800, "NOK"), "NOK 2.8 million"),
        (lambda: words.per_inhabitant_text(18_321), "SEK 18,300 per inhabitant"),
        (lambda: words.unit_mkr(), "SEK m"),
        (lambda: words.unit_tkr("NOK"), "NOK k"),
        (lambda: words.unit_per_inhabitant(), "SEK/inh."),
        (lambda: words.share_text(0.02), "2 percent"),
        (lambda: words.share_table(0.02), "2.0%"),
        (lambda: words.percentage_points(0.01), "1 percentage point"),
        (lambda: words.percentage_points(0.005), "0.5 percentage points"),
        (lambda: words.years_text([2032, 2027, 2028, 2029]), "2027–2029 and 2032"),
        (lambda: words.list_text(["a", "b", "c"], "eller"), "a, b or c"),
        (lambda: words.names_text(list("ABCDE")), "“A”, “B”, “C” and 2 more"),
        (lambda: words.date_text("2025-08-31"), "31 August 2025"),
        (lambda: words.count_text(3), "three"),
        (lambda: words.count_text(1, "en"), "one"),
        (lambda: words.count_text(14), "14"),
        (lambda: words.nira_text("N60 R40"), "new build 60 percent and renewal 40 percent"),
        (lambda: words.STATEMENT_LABELS["ar"], "Result for the year"),
        (lambda: (words.STATEMENT_LABELS | words.BALANCE_LABELS)["loans"], "Loans"),
        (lambda: SCHEMA["projects"].label, "Projects"),
        (lambda: SCHEMA["projects"].columns["must_do"].label, "Mandatory"),
        (lambda: SCHEMA["outlays"].columns["outlay"].heading, "Outlay (SEK k)"),
        (lambda: SCHEMA["goals"].columns["level"].choice_label("aim"), "should be reached"),
        (lambda: SETTINGS["base_year"].help, "The latest year with known figures."),
        (lambda: words.plural("{n} varning", "{n} varningar", 1), "{n} warning"),
        (lambda: words.plural("{n} varning", "{n} varningar", 2), "{n} warnings"),
    ],
)  # fmt: skip
def test_english_is_written_as_english_is(
    written: Callable[[], str], expected: str
) -> None:
    with in_language("en"):
        assert written().replace(NBSP, " ") == expected


def test_a_message_of_the_checks_follows_the_reader() -> None:
    with in_language("en"):
        found = issue("cell_not_number", "outlays", 7, "outlay", value="tio")
    assert found.message == "“tio” is not a number."
    assert found.remedy.startswith("Write digits only")


def test_the_language_ends_with_its_block_also_after_a_fault() -> None:
    assert language() == "sv"
    with in_language("en-GB"):
        assert language() == "en"
        with in_language("sv"):
            assert words.share_table(0.02) == f"2,0{NBSP}%"
        assert language() == "en"

    def fails() -> None:
        with in_language("en"):
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert language() == "sv"
    with pytest.raises(ValueError, match="unknown language"), in_language("de"):
        pass


def test_another_thread_is_not_touched() -> None:
    seen: list[str] = []
    with in_language("en"):
        thread = threading.Thread(target=lambda: seen.append(words._("Projekt")))
        thread.start()
        thread.join()
    assert seen == ["Projekt"]


def test_the_environment_has_no_say() -> None:
    """The bytes of plan.json are the same wherever it is computed."""
    command = (
        "from rodtrad.domain import words as w; print(w._('Lån'), w.number(1.5, 1))"
    )
    english = {"LANGUAGE": "en", "LANG": "en_GB.UTF-8", "LC_ALL": "C.UTF-8"}
    found = subprocess.run(
        [sys.executable, "-c", command],
        env={**os.environ, **english, "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    assert found.stdout.decode().split() == ["Lån", "1,5"]


def test_nothing_is_translated_while_modules_are_imported() -> None:
    """A module first needed on an English page must not keep its constants English."""
    command = (
        "import importlib, pkgutil, rodtrad\n"
        "from rodtrad.domain import words\n"
        "with words.in_language('en'):\n"
        "    for m in pkgutil.walk_packages(rodtrad.__path__, 'rodtrad.'):\n"
        "        if not m.name.startswith(('rodtrad.web', 'rodtrad.cli', 'rodtrad.__')):\n"
        "            importlib.import_module(m.name)\n"
        "print(words._catalogue.cache_info().currsize)"
    )
    found = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, check=True
    )
    assert found.stdout.split() == [b"0"]
