"""Bad registers and counts on the command line: refused at the cell, or told and used."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from unit.need_town import town_records
from unit.needs.register_cases import asset, component, event

from rodtrad import cli
from rodtrad.domain.components import build_tables
from rodtrad.sources import write_csv_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unit.plan.tiny import Records

    Run = Callable[..., tuple[int, str, str]]
    Change = Callable[[Records], None]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run_command([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


def _written(folder: Path, change: Change) -> Path:
    data = town_records()
    change(data)
    write_csv_folder(build_tables(data), folder)
    return folder


def _without(keep: Callable[[dict[str, Any]], bool]) -> Change:
    def change(data: Records) -> None:
        data["population"] = [row for row in data["population"] if keep(row)]

    return change


def _no_life(data: Records) -> None:
    data["components"][0]["technical_life_years"] = 0


def _no_useful_life(data: Records) -> None:
    data["components"][0]["useful_life_years"] = 0


def _off_scale(data: Records) -> None:
    data["components"][0]["condition"] = "TG9"


def _negative(data: Records) -> None:
    data["population"][3]["persons"] = -4.0


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        (_without(lambda r: r["age"] <= 69), "population.csv", "slutar vid 69 år"),
        (
            _without(lambda r: r["age"] != 34),
            "population.csv",
            "Ålder 34 saknas i hela folkmängden",
        ),
        (
            _without(lambda r: (r["age"], r["area"]) != (34, "norr")),
            "population.csv",
            "Norr saknar åldrarna 34",
        ),
        (_without(lambda r: r["sex"] == "k"), "population.csv", "saknar män"),
        (
            _without(lambda r: (r["sex"], r["area"]) != ("m", "soder")),
            "population.csv",
            "Söder saknar män",
        ),
        (_negative, "population.csv", "4"),
        (_no_life, "components.csv", "0"),
        (_no_useful_life, "components.csv", "0"),
        (_off_scale, "components.csv", "TG9"),
    ],
    ids=[
        "cut at 69",
        "age 34 nowhere",
        "age 34 in one area",
        "no men",
        "no men in an area",
        "negative persons",
        "life of zero",
        "useful life of zero",
        "condition off its scale",
    ],
)
def test_what_cannot_be_counted_is_refused_at_its_cell(
    run: Run, tmp_path: Path, change: Change, file: str, words: str
) -> None:
    folder = _written(tmp_path / "underlag", change)
    for command in (
        ("check", folder),
        ("needs", folder, "--draws", "20"),
        ("plan", folder, "--draws", "200", "--out", tmp_path / "plan"),
    ):
        code, out, err = run(*command)
        assert code == 2
        assert file in out + err
        assert words in out + err
    assert not (tmp_path / "plan").exists()


def _undated(data: Records) -> None:
    data["assets"][0]["built_year"] = None
    for row in data["components"]:
        row["installed_year"] = None
    data["inspections"] = []


def _as_old_as_the_house(data: Records) -> None:
    for row in data["components"]:
        row["installed_year"] = None
    data["inspections"] = []


def _in_the_future(data: Records) -> None:
    data["components"][2]["installed_year"] = 2027
    data["inspections"] = []


def _unknown_scale(data: Records) -> None:
    data["assets"] = [asset(condition_scale="egen", inspected=2022)]


def _out_of_order(data: Records) -> None:
    data["inspections"] += [event(y, "besiktning", condition="TG2") for y in (2018, 15)]
    data["inspections"][-1]["year"] = 2014


def _nobody(data: Records) -> None:
    for row in data["population"]:
        if row["area"] == "soder":
            row["persons"] = 0.0


def _built_later(data: Records) -> None:
    data["assets"].append(asset("ny", built_year=2031))


def _ancient(data: Records) -> None:
    data["components"][1]["installed_year"] = 1750


def _early(data: Records) -> None:
    part = component("Stomme", 1790, technical_life_years=100)
    data["components"].append(part)


def _free(data: Records) -> None:
    data["components"][2]["replacement_cost"] = 0.0


def _house_known(data: Records) -> None:
    data["assets"][0]["condition"] = "TG2"
    data["components"].append(component("Golv", 2000, technical_life_years=40))


def _as_it_is(data: Records) -> None:
    del data


CASES: dict[str, tuple[Change, str, str]] = {
    "no year at all": (
        _undated,
        "halvvägs genom sin livslängd: ett antagande",
        "Året saknas för 3 delar",
    ),
    "no year but the house's": (
        _as_old_as_the_house,
        "byggår 1985: ett antagande. Gäller 3 celler",
        "Insatt år saknas för 3 delar",
    ),
    "installed in the future": (_in_the_future, "sätts in 2027", ""),
    "unknown scale": (_unknown_scale, "Skalan ”egen” är inte känd", ""),
    "inspections out of order": (_out_of_order, "sorteras efter år", ""),
    "an area with nobody": (_nobody, "Söder har inga invånare", ""),
    "few replacements": (
        _as_it_is,
        "Färre än 5 utbyten är kända för ”Fönster”, ”Ventilation” och ”Yttertak”",
        "färre än 5 kända utbyten",
    ),
    "built in the future": (_built_later, "Byggåret 2031 är efter basåret 2025", ""),
    "older than three lives": (_ancient, "från 1750 är 275 år gammal", ""),
    "from before 1800": (_early, "”Stomme” är från 1790", ""),
    "no cost for a part": (_free, "Återanskaffningsvärdet är 0 för ”Fönster”", ""),
    "the house is known, not the part": (
        _house_known,
        "hela anläggningen, ”TG2” från 2022: en beräkning",
        "Skicket saknas för 2 delar. De räknas med skicket för hela anläggningen",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_made_up_for_is_told_and_no_figure_is_missing(
    run: Run, tmp_path: Path, case: str
) -> None:
    change, at_the_cell, in_the_report = CASES[case]
    folder = _written(tmp_path / "underlag", change)
    code, out, _err = run("check", folder)
    assert code == 0
    assert at_the_cell in out.replace("\n  ", " ")
    code, out, _err = run("needs", folder, "--draws", "20", "--json")
    assert code == 0
    found = json.loads(out, parse_constant=_no_constant)["need_forecast"]
    assert any(in_the_report in note for note in found["notes"])
    assert found["renewal"]["quality"] == "antagande"


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} in the figures")


@pytest.mark.parametrize("cost", [None, 0.0])
def test_a_register_without_costs_is_not_told_to_need_nothing(
    run: Run, tmp_path: Path, cost: float | None
) -> None:
    def change(data: Records) -> None:
        for row in data["assets"] + data["components"]:
            row["replacement_cost"] = cost

    folder = _written(tmp_path / "underlag", change)
    code, out, _err = run("check", folder)
    assert code == 0
    assert "Inga återanskaffningsvärden är ifyllda" in out.replace("\n  ", " ")
    assert out.count("teranskaffningsvärde") == 1
    code, out, _err = run("needs", folder, "--draws", "20")
    assert code == 0
    assert "Inga återanskaffningsvärden är ifyllda" in out
    assert "om året behöver förnyas" not in out
    assert "procent av värdet" not in out
    assert "Underhållsskuld:" not in out


@pytest.mark.slow
def test_a_plan_on_all_of_it_has_only_numbers(run: Run, tmp_path: Path) -> None:
    """Everything that is made up for, at once, with 200 draws and the report."""

    def change(data: Records) -> None:
        _out_of_order(data)
        _nobody(data)
        data["components"].append(component("Konstgräs", 2027, 100.0))
        data["assets"] += [
            asset("tom", built_year=None),
            asset("okand", built_year=None, condition_scale="egen", condition="3"),
        ]
        odd = {"asset_id": "tom", "component": "Golv", "replacement_cost": 900.0}
        data["components"].append(odd)

    folder = _written(tmp_path / "underlag", change)
    plan = tmp_path / "plan"
    only = ("--only", "plan,needs,uncertainty")
    code, _out, _err = run("plan", folder, "--draws", "200", "--out", plan, *only)
    assert code == 0
    text = (plan / "plan.json").read_text("utf-8")
    result = json.loads(text, parse_constant=_no_constant)
    notes = " ".join(result["need_forecast"]["notes"])
    assert "Året saknas för 2 delar" in notes
    page = (plan / "plan.html").read_text("utf-8")
    shown = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert "Året saknas för 2 delar" in shown
    assert not re.search(r"\b(nan|inf|None)\b", shown, re.IGNORECASE)
