"""The command line: exit codes, Swedish words, nothing half-written, no traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rodtrad import cli
from rodtrad.errors import InputError, Issue, NoPlanError, SolverError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS = [
    "new",
    "check",
    "plan",
    "needs",
    "compare",
    "explain",
    "verify",
    "envelope",
    "demo",
    "serve",
    "backup",
    "restore",
    "batch",
]
HEAVY = ["numpy", "highspy", "polars", "rich", "typst", "xlsxwriter", "jinja2"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process: exit code, standard output, standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run_command([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


def fault(code: str, severity: Any, row: int | None = 14, **more: Any) -> Issue:
    given = {"table": "projects", "column": "earliest_year", "message": "Fel år."}
    given |= {"remedy": "Rätta."} | more
    return Issue(
        code,
        severity,
        given["table"],
        row,
        given["column"],
        given["message"],
        given["remedy"],
    )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand-ins for reading, checking and solving, so that each can be made to fail."""
    box = SimpleNamespace(read=[], check=[], run=None)

    def read_underlag(_path: Path) -> tuple[object, list[Issue]]:
        return object(), list(box.read)

    def run_study(*_args: object, **_kwargs: object) -> object:
        if any(issue.severity == "error" for issue in box.check):
            raise InputError(box.check)
        return box.run()

    study = ModuleType("rodtrad.study")
    vars(study).update(
        check_all=lambda _tables: list(box.check),
        run=run_study,
        Settings=SimpleNamespace,
        Study=SimpleNamespace,
        PARTS=("plan", "agreement", "reasons", "beside", "needs", "uncertainty"),
    )
    monkeypatch.setitem(sys.modules, "rodtrad.study", study)
    monkeypatch.setattr(
        "rodtrad.domain.checks.check_tables", lambda _tables: list(box.check)
    )
    monkeypatch.setattr("rodtrad.sources.read_underlag", read_underlag)
    return box


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


# ---------------------------------------------------------------- words and frame


@pytest.mark.parametrize("arguments", [["--help"], *[[c, "--help"] for c in COMMANDS]])
def test_help_is_swedish_throughout(run: Any, arguments: list[str]) -> None:
    code, out, _err = run(*arguments)
    assert code == 0
    english = r"\b(Usage|Options|Arguments|Commands|Show|exit|default|required)\b"
    assert not re.search(english, out), out
    assert "Visa den här hjälpen." in out


def test_every_command_is_listed(run: Any) -> None:
    _code, out, _err = run("--help")
    listed = re.findall(r"^  (\w+)  ", out.split("Kommandon:")[1], re.MULTILINE)
    assert listed == COMMANDS


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plann"], "Kommandot ”plann” finns inte. Menade du plan?"),
        (["plan", "--ut", "x"], "Valet --ut finns inte."),
        (["plan", "x"], "--out saknas."),
        (["plan", "x", "--out"], "Valet --out behöver ett värde."),
        (["plan", "x", "--out", "y", "--gap", "stor"], "Värdet för --gap går inte"),
        (["plan", "x", "--out", "y", "--time-limit", "-1"], "Värdet för --time-limit"),
        (["plan", "x", "--out", "y", "--only", "allt"], "känner inte till ”allt”"),
        (["check"], "UNDERLAG saknas."),
        (["check", "a", "b"], "något är för mycket"),
        (["compare", "a"], "minst två planer"),
        (["explain", "a"], "Ange en siffra eller ett projekt."),
    ],
)
def test_a_wrong_line_is_told_in_swedish(
    run: Any, arguments: list[str], expected: str
) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert expected in err


def test_a_wrong_line_has_a_machine_form(run: Any) -> None:
    code, out, err = run("check", "--json")
    assert code == 2
    assert json.loads(out)["error"]["kind"] == "usage"
    assert err == ""


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from rodtrad.cli import run_command; run_command(['plan', '--help']);"
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


# ---------------------------------------------------------------- check


def test_check_puts_the_place_first_and_counts_last(run: Any, fake: Any) -> None:
    fake.read = [fault("window_empty", "error"), fault("life", "warning", row=3)]
    code, out, _err = run("check", "underlag.xlsx")
    assert code == 2
    assert "Bladet Projekt, rad 14, Tidigaste start:\n  Fel år.\n  Rätta.\n" in out
    assert out.index("FEL") < out.index("VARNINGAR")
    assert out.endswith("1 fel och 1 varning. Rätta felen och kör igen.\n")


def test_check_of_a_folder_names_file_and_column(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    fake.check = [fault("window_empty", "warning")]
    code, out, _err = run("check", tmp_path)
    assert code == 0
    assert "projects.csv, rad 14, earliest_year:" in out
    assert out.endswith("Inga fel. 1 varning att se över.\n")


def test_check_counts_identical_notes(run: Any, fake: Any) -> None:
    fake.check = [fault("cell_reformatted", "note", row=row) for row in range(7, 419)]
    code, out, _err = run("check", "underlag.xlsx")
    assert code == 0
    assert out.count("Fel år.") == 1
    assert "Gäller 412 celler, den första på rad 7." in out
    assert out.endswith("Inga fel.\n")


def test_check_shows_some_of_many_faults_of_a_kind_and_counts_the_rest(
    run: Any, fake: Any
) -> None:
    fake.check = [fault("cell_required", "error", row=row) for row in range(2, 102)]
    fake.check.append(fault("window_empty", "error", row=500, message="Annat fel."))
    _code, out, _err = run("check", "underlag.xlsx")
    assert out.count("  Fel år.") == 20
    assert "Samma sak gäller 80 till." in out
    assert "Annat fel." in out
    assert "101 fel." in out


def test_check_as_json_has_every_issue(run: Any, fake: Any) -> None:
    fake.check = [fault("cell_required", "error", row=row) for row in range(2, 102)]
    code, out, err = run("check", "underlag.xlsx", "--json")
    assert code == 2
    assert err == ""
    found = json.loads(out)
    assert found["errors"] == len(found["issues"]) == 100
    assert found["issues"][0] == fake.check[0].as_dict()


def test_check_of_nothing_readable_says_why(run: Any, tmp_path: Path) -> None:
    code, out, _err = run("check", tmp_path / "saknas.xlsx")
    assert code == 2
    assert "finns inte" in out
    assert out.endswith("1 fel. Rätta felen och kör igen.\n")


# ---------------------------------------------------------------- compare


@pytest.mark.parametrize(
    ("unlike", "told"),
    [
        ({"currency": "NOK"}, "ut/a räknas i kr och ut/b i NOK."),
        (
            {"municipality_code": "1201", "municipality": "Bergen"},
            "ut/a gäller Vimmerby (kod 0884) och ut/b gäller Bergen (kod 1201).",
        ),
    ],
)
def test_plans_of_other_currency_or_municipality_are_not_compared(
    run: Any, monkeypatch: pytest.MonkeyPatch, unlike: dict[str, str], told: str
) -> None:
    meta = {"currency": "kr", "municipality_code": "0884", "municipality": "Vimmerby"}
    plans = {"ut/a": meta, "ut/b": meta | unlike}
    monkeypatch.setattr(cli, "_plan_or_run", lambda one: (None, {"meta": plans[one]}))
    code, out, err = run("compare", "ut/a", "ut/b")
    assert (code, out) == (2, "")
    assert f"{told} De går inte att jämföra." in err
    code, out, _err = run("compare", "ut/a", "ut/b", "--json")
    assert code == 2
    assert json.loads(out)["error"]["issues"][0]["code"] == "compare_unlike"


# ---------------------------------------------------------------- when it goes wrong


@pytest.mark.parametrize("stage", ["read", "check"])
def test_faults_stop_the_plan_with_their_places(
    run: Any, fake: Any, tmp_path: Path, stage: str
) -> None:
    fake.read = [fault("cell_not_year", "note", row=2, message="Läst.")]
    getattr(fake, stage).append(fault("window_empty", "error"))
    code, out, err = run("plan", "underlag.xlsx", "--out", tmp_path / "plan")
    assert code == 2
    assert out == ""
    assert "Bladet Projekt, rad 14, Tidigaste start:" in err
    assert "Läst." in err
    assert list(tmp_path.iterdir()) == []


def test_no_plan_names_the_conflict_and_the_repair(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    fake.run = raising(
        NoPlanError("Kraven går inte ihop.", ["målet ”A” 2029"], ["Sänk målet ”A”."])
    )
    arguments = ["plan", "underlag.xlsx", "--out", tmp_path / "plan"]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err == (
        "Kraven går inte ihop.\n\nDet här krockar:\n  målet ”A” 2029\n\n"
        "Minsta ändring som räcker:\n  Sänk målet ”A”.\n"
    )
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"] == {
        "kind": "no_plan",
        "message": "Kraven går inte ihop.",
        "conflict": ["målet ”A” 2029"],
        "repair": ["Sänk målet ”A”."],
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SolverError("Tiden räckte inte.", "time", None, 1.0), "solver"),
        (SourceError("Filen är låst.", "Stäng den."), "source"),
        (InputError([fault("x", "error", message="Fel i cellen.")]), "input"),
    ],
)
def test_each_known_error_is_a_sentence_and_exit_2(
    run: Any, fake: Any, tmp_path: Path, error: Exception, kind: str
) -> None:
    fake.run = raising(error)
    arguments = ["plan", "underlag.xlsx", "--out", tmp_path / "plan"]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert str(error) in err
    _code, out, _err = run(*arguments, "--json")
    assert json.loads(out)["error"]["kind"] == kind
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_gets_a_code_that_repeats(
    run: Any, fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RODTRAD_DEBUG", raising=False)
    fake.run = raising(KeyError("hemlig detalj"))
    codes = set()
    for _repeat in range(2):
        code, out, err = run("plan", "underlag.xlsx", "--out", "plan")
        assert (code, out) == (3, "")
        assert "Underlaget är orört." in err
        assert "hemlig detalj" not in err
        codes.add(re.search(r"kod ([0-9A-F]{6})", err)[1])  # type: ignore[index]
    assert len(codes) == 1
    assert list(tmp_path.iterdir()) == []


def test_details_go_to_a_log_only_when_asked_for(
    run: Any, fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RODTRAD_DEBUG", "1")
    fake.run = raising(KeyError("hemlig detalj"))
    code, out, _err = run("plan", "underlag.xlsx", "--out", "plan", "--json")
    told = json.loads(out)["error"]
    assert code == 3
    assert told["kind"] == "internal"
    log = tmp_path / f"rodtrad-{told['code']}.log"
    assert "hemlig detalj" in log.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [log]


def test_interruption_leaves_nothing(run: Any, fake: Any, tmp_path: Path) -> None:
    fake.run = raising(KeyboardInterrupt())
    code, out, err = run("plan", "underlag.xlsx", "--out", tmp_path / "plan")
    assert (code, out) == (130, "")
    assert err.endswith("Avbrutet. Inget är skrivet.\n")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- where to write


def test_a_taken_folder_is_refused_before_anything_is_read(
    run: Any, fake: Any, tmp_path: Path
) -> None:
    fake.run = raising(AssertionError("must not be reached"))
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    code, _out, err = run("plan", "underlag.xlsx", "--out", tmp_path)
    assert code == 2
    assert f"Mappen {tmp_path} innehåller redan en plan. Inget är ändrat." in err
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "{}"


def test_a_file_in_the_way_is_refused(run: Any, fake: Any, tmp_path: Path) -> None:
    (tmp_path / "fil").write_text("min", encoding="utf-8")
    for out in (tmp_path / "fil", tmp_path / "fil" / "plan"):
        code, _out, err = run("plan", "underlag.xlsx", "--out", out)
        assert code == 2
        assert f"Det går inte att skriva i {out}: en del av sökvägen är en fil." in err
    assert (tmp_path / "fil").read_text(encoding="utf-8") == "min"


def test_new_writes_a_template_once(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "underlag.xlsx"
    code, out, _err = run("new", path)
    assert code == 0
    assert str(path) in out
    written = path.read_bytes()
    assert written.startswith(b"PK")
    code, _out, err = run("new", path)
    assert code == 2
    assert "finns redan. Inget är ändrat." in err
    assert path.read_bytes() == written
    assert list(tmp_path.iterdir()) == [path]


def test_new_wants_a_workbook_name(run: Any, tmp_path: Path) -> None:
    code, _out, err = run("new", tmp_path / "underlag.csv")
    assert code == 2
    assert "underlag.xlsx" in err
    assert list(tmp_path.iterdir()) == []


def test_demo_plans_vimmerby_into_a_folder_that_is_free(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def make_plan(underlag: Path, out: Path, *_more: object) -> None:
        asked.append((underlag.as_posix(), out.name))
        out.mkdir(parents=True)

    monkeypatch.setattr(cli, "_make_plan", make_plan)
    for _repeat in range(3):
        assert run("demo", "--out", tmp_path)[0] == 0
    assert [name for _underlag, name in asked] == [
        "vimmerby",
        "vimmerby-2",
        "vimmerby-3",
    ]
    assert all(path.endswith("examples/vimmerby/underlag") for path, _name in asked)


def test_progress_is_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.2, 2.0, 3.0, 4.0, 9.0])
    monkeypatch.setattr("rodtrad.cli.time.monotonic", lambda: next(clock))
    with cli._Progress() as progress:
        progress("Bygger planen")  # under a second: nothing is said
        progress("Söker", gap=0.034)
        progress("Söker", gap=0.02)  # the same stage, too soon
        progress("Prövar skäl 1 av 9")
        progress("Prövar skäl 2 av 9")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.replace("\u00a0", " ").splitlines() == [
        "Söker, högst 3,4 procent från bästa möjliga (2 s)",
        "Prövar skäl 1 av 9 (4 s)",
        "Prövar skäl 2 av 9 (9 s)",
    ]
