"""`.pb` files: what is read, what is refused at which line, and what is written."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from rodtrad.domain.ballots import Ballot, Proposal
from rodtrad.errors import InputError, SourceError
from rodtrad.sources.pabulib import read_pabulib, read_pabulib_file, render_pabulib

if TYPE_CHECKING:
    from pathlib import Path

META = """META
key;value
description;Prov
budget;1000
vote_type;approval
"""
PROJECTS = """PROJECTS
project_id;cost;name;category
1;600;"Bänk; ny";park
2;400.50;Gunga;lek
"""
VOTES = """VOTES
voter_id;age;vote
a;33;1,2
b;71;2
"""
CUMULATIVE = META.replace("approval", "cumulative") + PROJECTS


def _read(text: str) -> tuple[list[tuple[str, int | None]], list[str]]:
    """Return the code and line of every issue, and their messages."""
    try:
        _envelope, issues = read_pabulib(text.encode())
    except InputError as error:
        issues = error.issues
        assert any(issue.severity == "error" for issue in issues)
    return [(i.code, i.row) for i in issues], [i.message for i in issues]


def test_a_whole_file_is_read() -> None:
    envelope, issues = read_pabulib((META + PROJECTS + VOTES).encode())
    assert issues == []
    assert (envelope.name, envelope.sum_ore, envelope.kind) == (
        "Prov",
        100_000,
        "approval",
    )
    assert envelope.proposals == (
        Proposal("1", "Bänk; ny", 60_000, (("category", "park"),)),
        Proposal("2", "Gunga", 40_050, (("category", "lek"),)),
    )
    assert envelope.ballots == (
        Ballot("a", ((0, 1), (1, 1))),
        Ballot("b", ((1, 1),)),
    )


def test_nothing_about_the_voters_is_kept() -> None:
    envelope, _issues = read_pabulib((META + PROJECTS + VOTES).encode())
    written = render_pabulib(envelope).decode()
    assert "age" not in written
    assert "71" not in written
    assert read_pabulib(written.encode())[0].ballots == envelope.ballots


def test_windows_lines_a_byte_order_mark_and_a_missing_heading_are_read() -> None:
    text = (META.replace("key;value\n", "") + PROJECTS + VOTES).replace("\n", "\r\n")
    plain, _issues = read_pabulib((META + PROJECTS + VOTES).encode())
    assert read_pabulib(b"\xef\xbb\xbf" + text.encode())[0] == plain


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prov.pb.gz"
    data = (META + PROJECTS + VOTES).encode()
    path.write_bytes(gzip.compress(data))
    assert read_pabulib_file(path)[0] == read_pabulib(data)[0]
    path.write_bytes(gzip.compress(data)[:-20])
    with pytest.raises(SourceError, match="skadad"):
        read_pabulib_file(path)
    with pytest.raises(SourceError, match="finns inte"):
        read_pabulib_file(tmp_path / "annan.pb")


def test_points_are_kept_and_zero_is_no_support() -> None:
    votes = "VOTES\nvoter_id;vote;points\na;1,2;3,0\nb;2;1\n"
    envelope, issues = read_pabulib((CUMULATIVE + votes).encode())
    assert issues == []
    assert [b.marks for b in envelope.ballots] == [((0, 3),), ((1, 1),)]
    assert envelope.points() == [3, 1]
    assert read_pabulib(render_pabulib(envelope))[0].ballots == envelope.ballots


def test_an_order_becomes_points() -> None:
    meta = META.replace("approval", "ordinal\nmax_length;3")
    text = meta + PROJECTS + "VOTES\nvoter_id;vote\na;2,1\nb;1\n"
    envelope, _issues = read_pabulib(text.encode())
    assert [b.marks for b in envelope.ballots] == [((1, 3), (0, 2)), ((0, 3),)]
    assert read_pabulib(render_pabulib(envelope))[0].ballots == envelope.ballots


REFUSED = {
    "not a pb file": ("a;b\n", "pb_no_meta", 1),
    "no votes": (META + PROJECTS, "pb_section_missing", 10),
    "section twice": (META + PROJECTS + PROJECTS + VOTES, "pb_section_twice", 10),
    "no budget": (
        (META + PROJECTS + VOTES).replace("budget;1000\n", ""),
        "pb_key_missing",
        1,
    ),
    "budget is text": (
        (META + PROJECTS + VOTES).replace("1000", "tusen"),
        "pb_amount",
        4,
    ),
    "budget is zero": (
        (META + PROJECTS + VOTES).replace(";1000", ";0"),
        "pb_amount",
        4,
    ),
    "a negative cost": (
        (META + PROJECTS + VOTES).replace(";600", ";-600"),
        "pb_amount",
        8,
    ),
    "three decimals": (
        (META + PROJECTS + VOTES).replace("400.50", "400.505"),
        "pb_amount",
        9,
    ),
    "thousands or decimals": (
        (META + PROJECTS + VOTES).replace(";1000", ";1,000"),
        "pb_amount",
        4,
    ),
    "thousands of a cost": (
        (META + PROJECTS + VOTES).replace("400.50", "25.000"),
        "pb_amount",
        9,
    ),
    "unknown kind": (
        (META + PROJECTS + VOTES).replace("approval", "lottery"),
        "pb_vote_type",
        5,
    ),
    "key twice": (
        (META + "budget;5\n" + PROJECTS + VOTES),
        "pb_key_twice",
        6,
    ),
    "no cost column": (
        (META + PROJECTS + VOTES).replace("cost", "price"),
        "pb_column",
        7,
    ),
    "column twice": (
        (META + PROJECTS + VOTES).replace("category", "name"),
        "pb_column_twice",
        7,
    ),
    "too many cells": (
        (META + PROJECTS + VOTES).replace("Gunga", "Gunga;ny"),
        "pb_cells",
        9,
    ),
    "project twice": (
        META + PROJECTS + "2;5;Till;lek\n" + VOTES,
        "pb_project_twice",
        10,
    ),
    "project without id": (
        META + PROJECTS + ";5;Till;lek\n" + VOTES,
        "pb_project_id",
        10,
    ),
    "an id of two words": (
        META + PROJECTS + "3 b;5;Till;lek\n" + VOTES,
        "pb_project_id",
        10,
    ),
    "a formula as id": (
        META + PROJECTS + "=1+1;5;Till;\n" + VOTES,
        "pb_project_id",
        10,
    ),
    "a ballot cast twice": (
        META + PROJECTS + VOTES + "a;20;1\n",
        "pb_ballot_twice",
        14,
    ),
    "a ballot without id": (META + PROJECTS + VOTES + ";20;1\n", "pb_ballot_twice", 14),
    "a formula as ballot": (META + PROJECTS + VOTES + "@x;20;1\n", "pb_ballot_id", 14),
    "an unknown project": (META + PROJECTS + VOTES + "c;20;9\n", "pb_vote_unknown", 14),
    "points missing": (
        CUMULATIVE + "VOTES\nvoter_id;vote;points\na;1,2;3\n",
        "pb_points",
        12,
    ),
    "negative points": (
        CUMULATIVE + "VOTES\nvoter_id;vote;points\na;1,2;3,-1\n",
        "pb_points",
        12,
    ),
    "lines are gone": (
        (META + PROJECTS + VOTES).replace("budget", "num_votes;3\nbudget"),
        "pb_count",
        4,
    ),
    "a quote never ends": (
        META + PROJECTS + '3;5;"Till;lek\n' + VOTES,
        "pb_quotes",
        10,
    ),
    "a nul": (META + PROJECTS + VOTES + "c;20;\0\n", "pb_control", 14),
}


@pytest.mark.parametrize(("text", "code", "line"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_told_at_its_line(text: str, code: str, line: int) -> None:
    found, messages = _read(text)
    assert (code, line) in found
    assert f"Rad {line}: " in messages[found.index((code, line))]


def test_a_limit_that_is_no_number_gives_no_envelope() -> None:
    with pytest.raises(InputError, match="Rad 6: ”x” är inget heltal"):
        read_pabulib((META + "min_length;x\n" + PROJECTS + VOTES).encode())


def test_text_that_is_not_utf_8_is_told_at_its_line() -> None:
    data = (META + PROJECTS + VOTES).encode("latin-1")
    with pytest.raises(InputError, match=r"Rad 8: .*UTF-8"):
        read_pabulib(data)


def test_every_fault_is_found_and_a_hundred_are_told() -> None:
    lines = "".join(f"v{n};20;9\n" for n in range(150))
    found, messages = _read(META + PROJECTS + VOTES + lines)
    assert len(found) == 101
    assert found[-1][0] == "pb_more"
    assert messages[-1].startswith("50 ")


def test_what_the_file_only_remarks_on_is_a_warning() -> None:
    meta = META + "max_length;1\n"
    projects = (
        PROJECTS.replace("category", "votes")
        .replace(";park", ";1")
        .replace(";lek", ";7")
    )
    votes = VOTES + "c;20;1,1\n"
    envelope, issues = read_pabulib((meta + projects + votes).encode())
    assert [(i.code, i.row, i.severity) for i in issues] == [
        ("pb_vote_twice", 15, "warning"),
        ("pb_votes_differ", 9, "warning"),
        ("pb_votes_differ", 10, "warning"),
        ("pb_limits", 13, "warning"),
    ]
    assert envelope.votes() == [2, 2]
