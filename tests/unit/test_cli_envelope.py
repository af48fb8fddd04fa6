"""`rodtrad envelope`: writes what anyone can check, and refuses what it cannot read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rodtrad.cli import run_command

if TYPE_CHECKING:
    from pathlib import Path

BALLOTS = """META
key;value
description;Två lekplatser
budget;1000
vote_type;approval
PROJECTS
project_id;cost;name
1;600;Bänk <b>
2;400;Gunga
3;300;Boule
VOTES
voter_id;vote
a;1,2
b;2
c;3
"""
FILES = [
    "ballots.pb",
    "envelope.html",
    "envelope.json",
    "receipts.csv",
    "receipts.json",
]


@pytest.fixture
def ballots(tmp_path: Path) -> Path:
    path = tmp_path / "prov.pb"
    path.write_text(BALLOTS, encoding="utf-8")
    return path


def test_writes_the_result_and_a_receipt_for_each_ballot(
    ballots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ut"
    assert run_command(["envelope", str(ballots), "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == FILES
    shown = capsys.readouterr().out
    assert "2 förslag får pengar: 700 av 1\u00a0000 kronor." in shown
    page = (out / "envelope.html").read_text(encoding="utf-8")
    assert "Bänk &lt;b&gt;" in page
    assert "Gunga" in page
    rows = (out / "receipts.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "ballot,receipt,votes,paid,left_kr"
    assert len(rows) == 4
    again = ["envelope", str(out / "ballots.pb"), "--verify", str(out)]
    assert run_command(again) == 0
    assert "Allt stämmer: 3 valsedlar" in capsys.readouterr().out


def test_verify_finds_a_receipt_that_was_changed(
    ballots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ut"
    run_command(["envelope", str(ballots), "--out", str(out)])
    path = out / "receipts.csv"
    path.write_text(path.read_text().replace("2=", "1=", 1))
    capsys.readouterr()
    assert run_command(["envelope", str(ballots), "--verify", str(out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"ok": False, "differences": told["differences"]}
    assert "Kvittot för valsedel" in told["differences"][0]


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": "rodtrad-envelope-1"}'])
def test_verify_refuses_a_damaged_result(
    damage: str, ballots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ut"
    run_command(["envelope", str(ballots), "--out", str(out)])
    (out / "envelope.json").write_text(damage)
    assert run_command(["envelope", str(ballots), "--verify", str(out)]) == 2
    assert "rodtrad envelope har skrivit" in capsys.readouterr().err


@pytest.mark.parametrize("rule", ["equal_shares", "greedy"])
def test_the_machine_form_stands_alone(
    rule: str, ballots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["envelope", str(ballots), "--rule", rule, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rule"] == rule
    assert result["sum_ore"] == 100_000


def test_greedy_is_written_without_receipts(ballots: Path, tmp_path: Path) -> None:
    out = tmp_path / "ut"
    command = ["envelope", str(ballots), "--rule", "greedy", "--out", str(out)]
    assert run_command(command) == 0
    assert sorted(p.name for p in out.iterdir()) == FILES[:3]
    assert run_command(["envelope", str(ballots), "--verify", str(out)]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "lottery"], "--rule känner inte till ”lottery”"),
        (["--completion", "all"], "--completion känner inte till"),
        (["--utility", "x"], "--utility känner inte till"),
    ],
)
def test_unknown_words_are_refused(
    words: list[str], said: str, ballots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["envelope", str(ballots), *words]) == 2
    assert said in capsys.readouterr().err


def test_bad_ballots_are_told_at_their_lines(
    ballots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ballots.write_text(BALLOTS + "a;9\nd;9\n", encoding="utf-8")
    out = tmp_path / "ut"
    assert run_command(["envelope", str(ballots), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "Rad 16: " in told
    assert "Rad 17: " in told
    assert not out.exists()
    assert run_command(["envelope", str(tmp_path / "saknas.pb")]) == 2
