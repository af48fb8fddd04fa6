"""The English catalogue: whole, in step with the source, and readable as English."""

from __future__ import annotations

import gettext
import io
import re
from typing import TYPE_CHECKING

import pytest

from rodtrad.sources import catalogue
from rodtrad.sources.catalogue import (
    CATALOGUE,
    Entry,
    Key,
    compiled,
    faults,
    messages,
    read_po,
    write_po,
)

if TYPE_CHECKING:
    from pathlib import Path

# Letters of the source language that English keeps: the program's own name, the letters
# that a message is about, and nothing else.
KEPT = ("Röd tråd", "å, ä and ö")


@pytest.fixture(scope="module")
def used() -> dict[Key, list[str]]:
    return messages()


@pytest.fixture(scope="module")
def entries() -> dict[Key, Entry]:
    return read_po(CATALOGUE.read_text(encoding="utf-8"))


def test_every_message_has_its_translation(
    used: dict[Key, list[str]], entries: dict[Key, Entry]
) -> None:
    """Run `make locale` to see what is missing, in words."""
    assert len(used) > 2000
    assert faults(entries, used) == []


def test_the_files_are_as_make_locale_writes_them(
    used: dict[Key, list[str]], entries: dict[Key, Entry]
) -> None:
    ordered = {key: entries[key] for key in used if key in entries}
    assert CATALOGUE.read_text(encoding="utf-8") == write_po(ordered, used)
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled(ordered)


def test_no_swedish_is_left_in_the_english(entries: dict[Key, Entry]) -> None:
    for entry in entries.values():
        for text in entry.forms:
            said = re.sub(r"\{\w+\}", "", text)
            for kept in KEPT:
                said = said.replace(kept, "")
            assert not re.search("[åäöÅÄÖ]", said), text
            assert not re.search(r"\b(och|inte|eller|mkr|tkr|procent)\b", said), text
            # A quotation that begins also ends, and none is Swedish.
            assert said.count("“") == said.count("”"), text
            # Numbers as English has them: no space of thousands, no decimal comma.
            assert not re.search(r"\d\s\d{3}\b|\d,\d{1,2}\b", said), text


def test_what_is_written_is_read_back() -> None:
    odd = {
        Key("", 'rad 1\nrad "2"\t\\n'): Entry(["line 1\nline “2”\t\\n"]),
        Key("table", "Mål"): Entry(["Goals"]),
        Key("", "Mål"): Entry(["Goal"]),
        Key("", "{n} del", "{n} delar"): Entry(["{n} part", "{n} parts"]),
        Key("", "inget än"): Entry([""]),
        Key("", "osäker"): Entry(["unsure"], fuzzy=True),
    }
    assert read_po(write_po(odd, {})) == odd
    found = gettext.GNUTranslations(io.BytesIO(compiled(odd)))
    assert found.gettext("Mål") == "Goal"
    assert found.pgettext("table", "Mål") == "Goals"
    assert found.ngettext("{n} del", "{n} delar", 1) == "{n} part"
    assert found.ngettext("{n} del", "{n} delar", 0) == "{n} parts"
    # What is missing or unsure is shown as the source has it.
    assert found.gettext("inget än") == "inget än"
    assert found.gettext("osäker") == "osäker"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({}, "untranslated"),
        ({Key("", "Det kostar {kr}."): Entry([""])}, "untranslated"),
        ({Key("", "Det kostar {kr}."): Entry(["It costs."])}, "other slots"),
        ({Key("", "Det kostar {kr}."): Entry(["It costs {sek}."])}, "other slots"),
        ({Key("", "Det kostar {kr}."): Entry(["It costs {kr}. "])}, "other blanks"),
        ({Key("", "Det kostar {kr}."): Entry(["It costs {kr}."], True)}, "fuzzy"),
        (
            {
                Key("", "Det kostar {kr}."): Entry(["It costs {kr}."]),
                Key("", "Borta"): Entry(["Gone"]),
            },
            "orphaned",
        ),
    ],
)
def test_each_kind_of_fault_is_found(entry: dict[Key, Entry], fault: str) -> None:
    found = faults(entry, [Key("", "Det kostar {kr}.")])
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_a_plural_needs_both_forms() -> None:
    key = Key("", "{n} del", "{n} delar")
    assert faults({key: Entry(["{n} part"])}, [key])
    assert faults({key: Entry(["one part", "{n} parts"])}, [key]) == []


def test_messages_are_found_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'X = later("Först")\n'
        "def f():\n"
        '    return _("Sedan"), plural("en", "flera", 2), meaning("sheet", "Mål"), _(X)\n',
        encoding="utf-8",
    )
    found = catalogue.messages(tmp_path)
    assert found[Key("", "Först")] == ["a.py:1"]
    assert found[Key("", "Sedan")] == ["a.py:3"]
    assert Key("", "en", "flera") in found
    assert Key("sheet", "Mål") in found
    (tmp_path / "a.py").write_text('later(f"{x}")\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.py:1"):
        catalogue.messages(tmp_path)


def test_the_command_says_what_is_missing_and_takes_it_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {Key("", "Ja"): ["a.py:1"], Key("", "Nej"): ["a.py:2"]}
    monkeypatch.setattr(catalogue, "messages", lambda: known)
    monkeypatch.setattr(catalogue, "CATALOGUE", tmp_path / "en" / "rodtrad.po")
    todo = tmp_path / "todo.po"
    assert catalogue.main(["--missing", str(todo)]) == 1
    assert "a.py:2: Nej" in capsys.readouterr().out
    filled = todo.read_text(encoding="utf-8")
    filled = filled.replace('"Ja"\nmsgstr ""', '"Ja"\nmsgstr "Yes"')
    filled = filled.replace('"Nej"\nmsgstr ""', '"Nej"\nmsgstr "No"')
    todo.write_text(filled, encoding="utf-8")
    assert catalogue.main(["--merge", str(todo)]) == 0
    assert "2 messages, 0 untranslated" in capsys.readouterr().out
    assert catalogue.main([]) == 0
    del known[Key("", "Nej")]
    assert catalogue.main([]) == 0
    assert "1 dropped" in capsys.readouterr().out
