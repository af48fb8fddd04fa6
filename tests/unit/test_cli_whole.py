"""The commands on a small but real plan: nothing is stood in for."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from oracle.instances import random_data
from unit.need_town import town_tables

from rodtrad import cli
from rodtrad.domain.components import build_tables
from rodtrad.sources import write_csv_folder, write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

pytestmark = [pytest.mark.slow]
EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = ["plan.html", "plan.json", "plan.pdf", "plan.xlsx", "underlag"]


@pytest.fixture(scope="module")
def data() -> dict[str, list[dict[str, Any]]]:
    """A small underlag with a binding goal and a scenario of dearer loans."""
    records = random_data(4, "lan_inv")
    years = [row["year"] for row in records["years"]]
    records["scenarios"] = [
        {
            "scenario": "dyr ränta",
            "table": "years",
            "key": str(year),
            "column": "interest_rate",
            "value": "0.08",
        }
        for year in years[1:]
    ]
    return records


@pytest.fixture(scope="module")
def underlag(
    data: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "underlag"
    write_csv_folder(build_tables(data), folder)
    return folder


@pytest.fixture(scope="module")
def planned(underlag: Path) -> Path:
    folder = underlag.parent / "plan"
    assert cli.run_command(["plan", str(underlag), "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run_command([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


def result_of(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
    return result


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": [\d.]+', '"seconds": 0', text)


def test_plan_writes_the_five_things_and_nothing_beside_them(planned: Path) -> None:
    assert sorted(path.name for path in planned.iterdir()) == FILES
    assert sorted(p.name for p in planned.parent.iterdir()) == ["plan", "underlag"]
    assert (planned / "plan.pdf").read_bytes().startswith(b"%PDF")
    assert (
        (planned / "plan.html").read_bytes().lstrip().lower().startswith(b"<!doctype")
    )
    assert (planned / "plan.xlsx").read_bytes().startswith(b"PK")


def test_summary_says_what_the_plan_holds_and_where_it_lies(
    run: Run, underlag: Path, tmp_path: Path
) -> None:
    code, out, _err = run("plan", underlag, "--out", tmp_path / "plan")
    result = result_of(tmp_path / "plan")
    assert code == 0
    chosen = sum(row["chosen"] for row in result["projects"])
    assert f"Den rymmer {chosen} av {len(result['projects'])} projekt" in out
    for name in FILES:
        assert f"  {tmp_path / 'plan' / name}\n" in out


def test_workbook_and_folder_give_the_same_bytes(
    run: Run, data: Any, planned: Path, tmp_path: Path
) -> None:
    path = tmp_path / "underlag.xlsx"
    write_workbook(build_tables(data), path)
    code, out, _err = run("plan", path, "--out", tmp_path / "plan", "--json")
    assert code == 0
    written = (tmp_path / "plan" / "plan.json").read_text("utf-8")
    assert out == written
    stated = (planned / "plan.json").read_text("utf-8")
    assert without_seconds(written) == without_seconds(stated)


def test_verify_accepts_the_plan_and_rejects_a_changed_one(
    run: Run, planned: Path, tmp_path: Path
) -> None:
    code, out, _err = run("verify", planned)
    assert code == 0
    assert re.search(r"Kontrollen stämmer: alla [\d\u00a0]+ siffror", out)
    copy = tmp_path / "plan"
    shutil.copytree(planned, copy)
    result = result_of(copy)
    result["statement"]["ar"][1] += 12.5
    (copy / "plan.json").write_text(json.dumps(result), encoding="utf-8")
    code, out, _err = run("verify", copy)
    assert code == 1
    assert "Kontrollen stämmer inte:" in out
    assert f"Årets resultat {result['years'][1]}" in out
    code, out, _err = run("verify", copy, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["ok"] is False
    assert "statement.ar[1]" in {one["figure"] for one in told["differences"]}


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("tio", 1)])
def test_verify_rejects_a_changed_cell(
    run: Run, planned: Path, tmp_path: Path, value: str, expected: int
) -> None:
    copy = tmp_path / "plan"
    shutil.copytree(planned, copy)
    path = copy / "underlag" / "settings.csv"
    text = path.read_text("utf-8")
    assert "min_cash_tkr," in text
    text = re.sub(r"min_cash_tkr,[^,]*", f"min_cash_tkr,{value}", text)
    path.write_text(text, "utf-8")
    code, out, err = run("verify", copy)
    assert code == expected
    assert ("Kontrollen stämmer inte" in out) or ("settings.csv, rad " in err)


SEARCHES = ("milp", "neighbourhoods", "robust", "examiner", "conflict", "beside")


def test_verify_needs_neither_search_nor_solver(planned: Path) -> None:
    probe = (
        "import sys; from rodtrad.cli import run_command;"
        f"assert run_command(['verify', {str(planned)!r}]) == 0;"
        "print([m for m in sys.modules if m.startswith('highspy')"
        f" or m in {[f'rodtrad.plan.{name}' for name in SEARCHES]}"
        " or m.startswith('rodtrad.explain')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_explain_follows_a_figure_to_its_cells(run: Run, planned: Path) -> None:
    year = result_of(planned)["years"][1]
    code, out, _err = run("explain", planned, "--figure", f"ar:{year}")
    assert code == 0
    assert out.startswith(f"Årets resultat {year}: ")
    assert "Bladet Resultaträkning, rad " in out
    assert "None" not in out
    code, out, _err = run("explain", planned, "--figure", f"ar:{year}", "--json")
    trail = json.loads(out)
    assert code == 0
    assert trail["value"] == pytest.approx(result_of(planned)["statement"]["ar"][1])


def test_explain_of_an_unknown_figure_says_which_there_are(
    run: Run, planned: Path
) -> None:
    code, _out, err = run("explain", planned, "--figure", "vinst:2029")
    assert code == 2
    assert "vinst" in err
    assert "ar" in err


def test_explain_says_why_each_project_is_in_or_out(run: Run, planned: Path) -> None:
    result = result_of(planned)
    reasons = {row["project_id"]: row["text"] for row in result["reasons"]}
    for project in result["projects"]:
        key = project["project_id"]
        code, out, _err = run("explain", planned, "--project", key.upper())
        assert code == 0
        assert ("Ingår inte i planen." in out) is not project["chosen"]
        assert reasons[key]
        for sentence in reasons[key]:
            assert sentence in out
    code, _out, err = run("explain", planned, "--project", "finns_inte")
    assert code == 2
    assert "”finns_inte” finns inte i planen" in err


def test_scenario_changes_the_plan_and_is_named(
    run: Run, underlag: Path, planned: Path, tmp_path: Path
) -> None:
    other = tmp_path / "plan"
    code, out, _err = run("plan", underlag, "--out", other, "--scenario", "dyr ränta")
    assert code == 0
    assert "Räknat för scenariot ”dyr ränta”." in out
    assert run("verify", other)[0] == 0
    code, out, _err = run("compare", planned, other)
    assert code == 0
    assert "scenariot ”dyr ränta”" in out
    assert re.search(r"^  Ränta +.*[1-9]", out, re.MULTILINE)
    code, out, _err = run("compare", planned, f"{underlag}#dyr ränta", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["figures"]["ar"][1] == pytest.approx(
        result_of(other)["statement"]["ar"]
    )
    for key in ("ar", "loans"):
        steps = told["itemised"][0]["steps"]
        parts = [sum(values) for values in zip(*(s[key] for s in steps), strict=True)]
        whole = [
            b - a
            for a, b in zip(
                told["figures"][key][0], told["figures"][key][1], strict=True
            )
        ]
        assert parts == pytest.approx(whole, abs=1e-3)


def test_unknown_scenario_is_told(run: Run, underlag: Path, tmp_path: Path) -> None:
    code, _out, err = run(
        "plan", underlag, "--out", tmp_path / "plan", "--scenario", "okänt"
    )
    assert code == 2
    assert "okänt" in err
    assert list(tmp_path.iterdir()) == []


def test_only_plan_leaves_out_the_reasons(
    run: Run, underlag: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "plan"
    code, _out, _err = run("plan", underlag, "--out", folder, "--only", "plan")
    assert code == 0
    assert result_of(folder)["reasons"] == []
    assert run("verify", folder)[0] == 0
    key = result_of(folder)["projects"][0]["project_id"]
    _code, out, _err = run("explain", folder, "--project", key)
    assert "Skälen är inte uträknade." in out


@pytest.mark.parametrize(
    ("signal_number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_real_interruption_leaves_nothing(
    tmp_path: Path, signal_number: int, expected: int
) -> None:
    underlag = EXAMPLES / "bergen_2012" / "underlag"
    process = subprocess.Popen(
        [sys.executable, "-m", "rodtrad", "plan", underlag, "--out", tmp_path / "plan"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    process.stderr.readline()  # it has begun
    time.sleep(0.3)
    process.send_signal(signal_number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == expected
    assert out == ""
    assert "Traceback" not in err
    assert "Avbrutet. Inget är skrivet." in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table", ["alternatives", "settings", "years", "statement"])
def test_a_missing_table_is_told_and_nothing_is_written(
    run: Run, underlag: Path, tmp_path: Path, table: str
) -> None:
    copy = tmp_path / "underlag"
    shutil.copytree(underlag, copy)
    (copy / f"{table}.csv").unlink()
    for command in (("check", copy), ("plan", copy, "--out", tmp_path / "plan")):
        code, out, err = run(*command)
        assert code == 2
        assert "saknas" in out + err
        assert "fel i programmet" not in err
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("cell", ["abc", "0", "#REF!", "1e300"])
def test_an_unreadable_year_is_told_and_nothing_is_written(
    run: Run, underlag: Path, tmp_path: Path, cell: str
) -> None:
    copy = tmp_path / "underlag"
    shutil.copytree(underlag, copy)
    path = copy / "years.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[2] = ",".join([cell, *lines[2].split(",")[1:]])
    path.write_text("\n".join(lines), "utf-8")
    code, _out, err = run("plan", copy, "--out", tmp_path / "plan")
    assert code == 2
    assert "years.csv, rad 3" in err
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("amount", ["1e28", "1e300", "-1e300"])
def test_an_absurd_amount_is_told_at_its_cell(
    run: Run, underlag: Path, tmp_path: Path, amount: str
) -> None:
    copy = tmp_path / "underlag"
    shutil.copytree(underlag, copy)
    path = copy / "balance.csv"
    text = re.sub(r"(?m)^cash,[^,\n]*", f"cash,{amount}", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    code, out, _err = run("check", copy)
    assert code == 2
    assert "balance.csv, rad " in out


@pytest.mark.parametrize("figure", ["bound", "gap", "objective"])
def test_a_number_too_long_to_be_true_makes_the_plan_unreadable(
    run: Run, planned: Path, tmp_path: Path, figure: str
) -> None:
    copy = tmp_path / "plan"
    shutil.copytree(planned, copy)
    path = copy / "plan.json"
    text = re.sub(
        rf'("{figure}": )[^,\n]*',
        rf"\g<1>{'9' * 400}",
        path.read_text("utf-8"),
        count=1,
    )
    path.write_text(text, "utf-8")
    code, _out, err = run("verify", copy)
    assert code == 2
    assert "fel i programmet" not in err


# ---------------------------------------------------------------- needs and draws


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town") / "underlag"
    write_csv_folder(town_tables(), folder)
    return folder


def test_needs_are_printed_and_suggestions_written_as_rows_of_the_underlag(
    run: Run, town: Path, tmp_path: Path
) -> None:
    code, out, _err = run("needs", town, "--draws", 40, "--out", tmp_path / "forslag")
    assert code == 0
    for words in (
        "Behoven i Liten",
        "Yttertak",
        "tre mått som aldrig läggs ihop",
        "Platser, hela kommunen",
        "Senaste beslut",
        "Den byggdes.",
        "Förslag till projekt",
    ):
        assert words in out
    written = sorted(path.name for path in (tmp_path / "forslag").iterdir())
    assert {"projects.csv", "alternatives.csv", "outlays.csv"} <= set(written)
    assert "settings.csv" not in written
    heading = (town / "projects.csv").read_text("utf-8").splitlines()[0]
    own = (tmp_path / "forslag" / "projects.csv").read_text("utf-8").splitlines()
    assert own[0] == heading
    assert len(own) > 1
    code, _out, err = run("needs", town, "--out", tmp_path / "forslag")
    assert code == 2
    assert "forslag" in err


def test_needs_have_a_machine_form_and_a_workbook(
    run: Run, town: Path, tmp_path: Path
) -> None:
    path = tmp_path / "forslag.xlsx"
    code, out, _err = run("needs", town, "--draws", 40, "--json", "--out", path)
    assert code == 0
    told = json.loads(out)
    assert told["need_forecast"]["draws"] == 40
    assert told["suggestions"]["projects"]
    assert path.read_bytes().startswith(b"PK")


def test_needs_of_a_faulty_underlag_name_the_cell(
    run: Run, town: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "underlag"
    shutil.copytree(town, copy)
    text = (copy / "services.csv").read_text("utf-8")
    text = text.replace("Förskola,1,5,", "Förskola,5,1,")
    (copy / "services.csv").write_text(text, encoding="utf-8")
    code, out, err = run("needs", copy)
    assert (code, out) == (2, "")
    assert "services.csv" in err
    assert "går från 5 till 1 år" in err


def test_needs_of_an_underlag_without_any_says_which_tables_tell(
    run: Run, underlag: Path
) -> None:
    code, out, _err = run("needs", underlag)
    assert code == 0
    assert "säger inget om behoven" in out


def test_a_plan_with_draws_and_certainty_is_whole_and_verifies(
    run: Run, town: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "plan"
    only = ("--only", "plan,needs,uncertainty")
    code, _out, _err = run(
        "plan", town, "--out", folder, "--draws", 50, "--certainty", 0.5, *only
    )
    assert code == 0
    result = result_of(folder)
    assert {"probability", "quantiles", "uncertainty", "risk"} <= set(result)
    assert result["need_forecast"]["backlog"]["measures"]
    code, _out, _err = run("verify", folder)
    assert code == 0
    result["risk"]["probability"] -= 0.1
    result["need_forecast"]["places"]["rows"][0]["need"][0] += 5.0
    (folder / "plan.json").write_text(json.dumps(result), encoding="utf-8")
    code, out, _err = run("verify", folder, "--json")
    assert code == 1
    places = [row["figure"] for row in json.loads(out)["differences"]]
    assert "risk.probability" in places
    assert any(place.startswith("need_forecast.places") for place in places)


def test_a_certainty_without_its_part_or_with_an_unknown_goal_is_refused(
    run: Run, town: Path, tmp_path: Path
) -> None:
    line = ("plan", town, "--out", tmp_path / "plan", "--certainty", "0.8")
    code, _out, err = run(*line, "--only", "plan")
    assert code == 2
    assert "behöver delen uncertainty" in err
    code, _out, err = run(*line, "--certainty-goal", "resutat")
    assert code == 2
    assert "Ange ett av balanskrav, resultat." in err
    assert not (tmp_path / "plan").exists()
