"""A sentence of a stored plan, read back and told in English."""

from __future__ import annotations

import re
import time
from inspect import unwrap
from typing import Any

import pytest
from unit.plan.tiny import goal, project, tiny_tables

from rodtrad.domain.retell import Swedish, told, told_result
from rodtrad.domain.words import NBSP, in_language
from rodtrad.errors import NoPlanError
from rodtrad.study import Settings, run

# A study is Swedish whoever asks; within, it writes as everything else.
write = unwrap(run)


def english(text: str) -> str:
    """Return a text told in English, with plain blanks on both sides."""
    text = re.sub(r"(?<=\d) (?=miljoner|procent|kronor|\d{3}\b)", NBSP, text)
    with in_language("en"):
        return told(text).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("swedish", "expected"),
    [
        (
            "Balanskravet begränsar planen 2027–2029 och 2032.",
            "The balance requirement limits the plan in 2027–2029 and 2032.",
        ),
        (
            "Taket för lån, 18 300 kronor per invånare, begränsar planen 2028.",
            "The ceiling on loans, SEK 18,300 per inhabitant, limits the plan in 2028.",
        ),
        (
            "Projektet ”Skolan. Etapp 2, och gården” ingår. Varje års väntan kostar "
            "2,8 miljoner kronor i basårets priser.",
            "“Skolan. Etapp 2, och gården” is in. Each year of waiting costs "
            "SEK 2.8 million in base-year prices.",
        ),
        (
            "Projektet ”Bad” ryms inte. Läggs det till med start 2030 bryts målet "
            "”Lån högst 44 000 kr” 2031–2035, målet ”Resultat 1 %” 2032 och ett krav till.",
            "“Bad” does not fit. Adding it with a start in 2030 breaks the goal "
            "“Lån högst 44 000 kr” in 2031–2035, the goal “Resultat 1 %” in 2032 and "
            "one more.",
        ),
        (
            "Med 6,4 nyttopoäng mer, 72 procent lägre utgifter eller 30 miljoner kronor "
            "mer i utrymme blir en plan med projektet minst lika bra som dagens.",
            "With 6.4 more benefit points, 72 percent lower outlays or SEK 30 million "
            "more room, a plan with the project is at least as good as today’s.",
        ),
        (
            "Två andra planer ger nästan lika stor nytta, inom 2 procent. Det kan finnas "
            "fler.",
            "Two other plans give nearly as much benefit, within 2 percent. There may be "
            "more.",
        ),
        ("”tio” är inte ett tal.", "“tio” is not a number."),
        ("”x” finns inte på bladet Projekt.", "“x” is not on sheet Projects."),
        ("Fyll i Utgift (tkr).", "Fill in Outlay (SEK k)."),
        ("520 miljoner kronor", "SEK 520 million"),
        ("mindre än 1 200 kronor", "less than SEK 1,200"),
        ("Avskrivningar 2025", "Depreciation 2025"),
        ("Inställningar", "Settings"),
    ],
)
def test_the_sentence_and_what_is_in_it_are_told(swedish: str, expected: str) -> None:
    found = english(swedish)
    assert found == expected
    assert not isinstance(found, Swedish)


@pytest.mark.parametrize(
    "text",
    [
        "En ny fullstor idrottshall för skola och föreningar.",
        # One sentence of ours and one of somebody else's: neither is told.
        "Det kan finnas fler. Fråga ekonomen.",
        # The sentence is ours, but nothing of ours can have stood in its slot.
        "Balanskravet begränsar planen nästa år.",
        "Projektet Skolan ingår.",
        "Bladet Projektt läses inte.",
        "x" * 10_000,
    ],
)
def test_what_cannot_be_read_stays_as_it_is_and_says_so(text: str) -> None:
    with in_language("en"):
        found = told(text)
    assert found == text
    assert isinstance(found, Swedish)
    assert isinstance(str(found), Swedish)
    assert not isinstance(told(text), Swedish)


# ---------------------------------------------------------------- a whole plan

# What differs between two runs whatever the language.
_OWN = ("meta", "status", "timing")


def differing(one: Any, two: Any, path: str = "") -> list[str]:
    """Return the places at which two results differ, with what stands there."""
    if isinstance(one, dict) and isinstance(two, dict):
        return [
            line
            for key in one
            if key not in _OWN
            for line in differing(one[key], two[key], f"{path}.{key}")
        ]
    if isinstance(one, list) and isinstance(two, list):
        return [
            line
            for n, (a, b) in enumerate(zip(one, two, strict=True))
            for line in differing(a, b, f"{path}.{n}")
        ]
    return [] if one == two else [f"{path}: {one!r} / {two!r}"]


@pytest.mark.parametrize(
    "text",
    [
        "Projektet ”a” startar 2028. Med start 2027 bryts målet ”b” 2029. " * 30,
        "Projektet ”a” ingår. Vi vet mer i höst. " * 45,
        "Muren (den norra), taket och golvet eller grunden " * 38,
    ],
)
def test_what_somebody_writes_at_length_is_read_soon(text: str) -> None:
    """The reason of a change holds 2,000 signs, and everyone reads it."""
    began = time.process_time()
    english(text.strip())
    assert time.process_time() - began < 2


def test_several_sentences_are_told_one_by_one() -> None:
    text = "Projektet ”Kv. Eken. Etapp 2” ingår. Vi vet mer i höst."
    assert english(text) == text
    many = " ".join(["Projektet ”Kv. Eken. Etapp 2” ingår."] * 20)
    assert english(many) == " ".join(["“Kv. Eken. Etapp 2” is in."] * 20)


def tiny_study() -> dict[str, Any]:
    tables = tiny_tables(
        project("skola", [8_000.0, 4_000.0], 50.0, build_years=2, latest_year=2026),
        project("bad", [16_000.0], 9.0, waiting_cost=300.0),
        project("park", [9_000.0], 8.0),
        goals=[goal("lan", "lan_inv", 40_000.0), goal("resultat", "res_andel", 0.0)],
    )
    return dict(write(tables, Settings(only=("plan", "reasons", "beside"))).result)


def test_what_is_told_is_what_would_have_been_written() -> None:
    """Read back from Swedish, or explained in English at once: the same sentences."""
    swedish = tiny_study()
    with in_language("en"):
        read_back = told_result(swedish)
        written = tiny_study()
    assert differing(read_back, written) == []
    assert differing(swedish, written) != []
    # In Swedish a plan is handed back as it is.
    assert told_result(swedish) is swedish


def test_a_conflict_is_told_too() -> None:
    tables = tiny_tables(
        project("skola", [16_000.0], 9.0, must_do=True, deadline_year=2027),
        project("bad", [16_000.0], 9.0, must_do=True, deadline_year=2027),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    with pytest.raises(NoPlanError) as swedish:
        run(tables)
    with in_language("en"), pytest.raises(NoPlanError) as written:
        write(tables)
    with in_language("en"):
        assert [told(x) for x in swedish.value.conflict] == list(written.value.conflict)
        assert [told(x) for x in swedish.value.repair] == list(written.value.repair)
        assert told(str(swedish.value)) == str(written.value)
