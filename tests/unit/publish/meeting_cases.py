"""Plans that the documents for a meeting are tested with."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

from unit.publish.sample import sample_result
from unit.publish.sample_uncertainty import with_uncertainty

from rodtrad.sources.csv_folder import read_csv_folder
from rodtrad.study import Settings, run

ROOT = Path(__file__).parents[3]
NASTY = (
    '<script>alert("x")</script> & ]]> {{7*7}} =cmd|x \x00\x0b\ud800 ”å” 😀 '
    + "ord" * 120
)


@cache
def _example(name: str) -> dict[str, Any]:
    tables, issues = read_csv_folder(ROOT / "examples" / name / "underlag")
    assert not [i for i in issues if i.severity == "error"]
    return run(tables, Settings(only=("plan",), gap=0.3, work_limit=400)).result


def example(name: str) -> dict[str, Any]:
    """Return the plan of an example municipality, quickly found."""
    return copy.deepcopy(_example(name))


def uncertain() -> dict[str, Any]:
    """Return a plan with everything a run can give."""
    return with_uncertainty(sample_result())


def without_goals() -> dict[str, Any]:
    result = sample_result()
    result["goals"], result["aims"], result["limits"] = [], [], []
    return result


def without_choices() -> dict[str, Any]:
    """Return a plan without agreement map and near-optimal plans."""
    return sample_result(choices=False)


def with_nothing_chosen() -> dict[str, Any]:
    result = sample_result(choices=False)
    for project in result["projects"]:
        project |= dict.fromkeys(
            (
                "start_year",
                "in_use_year",
                "alternative_id",
                "alternative_name",
                "outlay_tkr",
                "income_tkr",
                "depreciation_tkr",
                "operating_tkr",
            )
        ) | {"chosen": False}
    result["choices"] = []
    return result


def with_nasty_texts() -> dict[str, Any]:
    result = sample_result()
    for project in result["projects"][:4]:
        for key in ("name", "description", "committee", "source"):
            project[key] = f"{NASTY} {project['project_id']}"
    result["goals"][0]["name"] = NASTY
    result["meta"]["municipality"] = NASTY
    result["meta"]["remark"] = NASTY
    result["meta"]["non_public"] = 2
    for reason in result["reasons"][:4]:
        reason["text"] = [NASTY]
    return result


def squeezed(text: str) -> str:
    """Return a text without blanks of any kind and invisible places to break."""
    return re.sub(r"[\s\u00a0\u00ad\u200b\u2060]", "", text)
