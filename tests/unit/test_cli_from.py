"""An earlier plan that decides a project twice is refused, not a fault of the program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from oracle import instances

from rodtrad.cli import _decided_choices, _parts, _proven_bound, run_command
from rodtrad.domain.components import build_tables
from rodtrad.errors import InputError
from rodtrad.sources import write_csv_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_project_decided_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"project_id": "a", "alternative_id": "a", "start_year": 2026}
    monkeypatch.setattr(
        "rodtrad.sources.result_folder.read_result",
        lambda _folder: json.loads(json.dumps({"choices": [row, row]})),
    )
    with pytest.raises(InputError):
        _decided_choices(tmp_path)


def test_no_part_at_all_is_told_so() -> None:
    with pytest.raises(InputError) as found:
        _parts(" , ")
    assert "behöver minst en del" in str(found.value)


def test_what_was_proven_of_an_earlier_plan_is_read_with_its_underlag(
    tmp_path: Path,
) -> None:
    underlag, folder = tmp_path / "underlag", tmp_path / "plan"
    write_csv_folder(
        build_tables(instances.random_data(3, instances.FAMILIES[0])), underlag
    )
    command = ["plan", str(underlag), "--out", str(folder), "--only", "plan"]
    assert run_command(command) == 0
    status = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["status"]
    found = _proven_bound(folder)
    assert found is not None
    assert found[1] == status["bound"]
    # Not the underlag that was planned: then nothing is known of it.
    outlays = folder / "underlag" / "outlays.csv"
    text = outlays.read_text(encoding="utf-8")
    outlays.write_text(text.replace(",0,", ",0,1", 1), encoding="utf-8")
    assert _proven_bound(folder) is None
