"""What can be done from a terminal? Reads, calls the study, writes, sets the exit code.

Exit codes: 0 done, 1 `verify` found a difference, 2 the input or the command needs
mending, 3 a fault of ours, 130 interrupted. Leaves out how anything is computed, worded
or laid out. Heavy parts are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self

import typer
from typer.core import TyperCommand, TyperGroup

from rodtrad.domain.words import _, plural, quoted, share_text
from rodtrad.errors import InputError, Issue, NoPlanError, RodtradError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Choice
    from rodtrad.domain.ballots import Envelope
    from rodtrad.domain.components import Tables
    from rodtrad.study import Study

# ---------------------------------------------------------------- the frame in Swedish

_HELP_WORDS = (
    (r"^Usage: ", _("Så skrivs det: ")),
    (r"^(\s*)Options:$", r"\1" + _("Val:")),
    (r"^(\s*)Arguments:$", r"\1" + _("Uppgifter:")),
    (r"^(\s*)Commands:$", r"\1" + _("Kommandon:")),
    (r"\[OPTIONS\]", _("[VAL]")),
    (r"COMMAND \[ARGS\]\.\.\.", _("KOMMANDO …")),
    (r"Show this message and exit\.", _("Visa den här hjälpen.")),
    (r"\[default:(?=\s)", _("[förval:")),
    (r"\[required\]", _("[krävs]")),
    (r"; required\]", _("; krävs]")),
    # The parser's own signs for types and ranges say nothing to a reader.
    (r"\{([A-Z][^}]*)\}", r"\1"),
    (r" <path>", ""),
    (r"(; )?(?:[\d.]+<=)?x(?:<=|>=)[\d.]+", ""),
    (r"  \[\]", ""),
    (r"(förval: \d+)\.0\]", r"\1]"),
)


def _in_swedish(help_text: str) -> str:
    for pattern, replacement in _HELP_WORDS:
        help_text = re.sub(pattern, replacement, help_text, flags=re.MULTILINE)
    return help_text


class _Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return _in_swedish(super().get_help(ctx))


class _Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return _in_swedish(super().get_help(ctx))


app = typer.Typer(
    name="rodtrad",
    cls=_Group,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help=_(
        "Röd tråd: från behov, genom ekonomisk förmåga, till en investeringsplan som vem som helst kan kontrollera."
    ),
)

_Json = Annotated[
    bool, typer.Option("--json", help=_("Skriv bara maskinläsbar JSON på standard ut."))
]
_Underlag = Annotated[
    Path,
    typer.Argument(
        metavar="UNDERLAG", help=_("Arbetsbok (.xlsx) eller mapp med CSV-filer.")
    ),
]
_Folder = Annotated[
    Path, typer.Argument(metavar="MAPP", help=_("Mappen som rodtrad plan skrev."))
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("rodtrad"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help=_("Visa versionen."),
            is_eager=True,
            callback=_show_version,
        ),
    ] = False,
) -> None:
    del version  # acted on by its callback, before any command


# ---------------------------------------------------------------- commands


@app.command(
    "new",
    cls=_Command,
    short_help=_("Skriv en tom mall att fylla i."),
    help=_("Skriv en tom mall att fylla i: ett blad per tabell."),
)
def _new(
    file: Annotated[
        Path, typer.Argument(metavar="FIL.xlsx", help=_("Arbetsboken som ska skapas."))
    ],
    as_json: _Json = False,
) -> None:
    if file.suffix.lower() != ".xlsx":
        raise _refusal(
            "out_name",
            _("Mallen är en arbetsbok, men {file} slutar inte på .xlsx.").format(
                file=file.name
            ),
            _("Skriv till exempel {file}.").format(file=file.with_suffix(".xlsx").name),
        )
    from rodtrad.sources import write_template

    write_template(file)
    if as_json:
        _print_json({"file": str(file)})
    else:
        print(
            _(
                "Mallen är skriven: {file}\nFyll i den och kör sedan: rodtrad check {file}"
            ).format(file=file)
        )


@app.command(
    "check",
    cls=_Command,
    short_help=_("Kontrollera underlaget, alla fel på en gång."),
    help=_("Kontrollera underlaget: alla fel på en gång, var och ett vid sin cell."),
)
def _check(underlag: _Underlag, as_json: _Json = False) -> None:
    from rodtrad.publish.terminal import render_issues

    _tables, issues = _read_and_check(underlag)
    errors = any(issue.severity == "error" for issue in issues)
    if as_json:
        counts = {
            f"{severity}s": sum(issue.severity == severity for issue in issues)
            for severity in ("error", "warning", "note")
        }
        _print_json({**counts, "issues": [issue.as_dict() for issue in issues]})
    else:
        print(render_issues(issues, workbook=not underlag.is_dir()), end="")
    if errors:
        raise typer.Exit(2)


@app.command(
    "plan",
    cls=_Command,
    short_help=_("Räkna planen och skriv rapporten."),
    help=_(
        "Räkna den bästa planen som underlaget och målen medger, och skriv rapporten i en ny mapp."
    ),
)
def _plan(
    underlag: _Underlag,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="MAPP", help=_("Ny eller tom mapp för plan och rapport.")
        ),
    ],
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            min=0.1,
            metavar="SEKUNDER",
            help=_("Längsta tid för att söka planen; skälen kommer till."),
        ),
    ] = 60.0,
    work_limit: Annotated[
        int | None,
        typer.Option(
            "--work-limit",
            min=1,
            metavar="STEG",
            help=_("Längsta räknearbete, i steg; lika på alla maskiner."),
        ),
    ] = None,
    gap: Annotated[
        float,
        typer.Option(
            "--gap",
            min=0.0,
            max=1.0,
            metavar="ANDEL",
            help=_("Sluta när avståndet till bästa möjliga är högst så stort."),
        ),
    ] = 0.001,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, metavar="TAL", help=_("Slumpfrö; annars underlagets.")
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            max=100_000,
            metavar="ANTAL",
            help=_(
                "Antal dragningar; annars underlagets. Med fler än en, till exempel "
                "2000, räknas sannolikheter. Behoven räknas alltid med 500."
            ),
        ),
    ] = None,
    certainty: Annotated[
        float | None,
        typer.Option(
            "--certainty",
            min=0.01,
            max=0.99,
            metavar="ANDEL",
            help=_(
                "Sök också en plan där balanskravet hålls i så stor andel av "
                "dragningarna, till exempel 0.8, och visa vad det kostar. Den söks på "
                "1 000 dragningar, väljs på 4 000 och visas på 4 000 andra."
            ),
        ),
    ] = None,
    certainty_goal: Annotated[
        str,
        typer.Option(
            "--certainty-goal",
            metavar="MÅL",
            help=_(
                "Vad som ska hållas med den säkerheten: balanskrav eller ett mål-id."
            ),
        ),
    ] = "balanskrav",
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", metavar="NAMN", help=_("Ett scenario ur bladet Scenarier.")
        ),
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            "--only",
            metavar="DELAR",
            help=_(
                "Vad som räknas, med komma mellan: plan, agreement (vad som gäller "
                "oavsett vikter), reasons (skälen), beside (andra val), needs "
                "(behoven) och uncertainty (hur säkert det är)."
            ),
        ),
    ] = "plan,agreement,reasons,beside,needs,uncertainty",
    decided: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="MAPP",
            help=_(
                "En tidigare plan att utgå från; rapporten visar vad som behöver ändras."
            ),
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    from rodtrad.sources.result_folder import check_destination

    parts = _parts(only)
    if certainty is not None and "uncertainty" not in parts:
        raise _refusal(
            "certainty_only",
            _("--certainty behöver delen uncertainty."),
            _("Lägg till uncertainty i --only, eller ta bort --certainty."),
        )
    check_destination(out)
    options = {
        "time_limit": time_limit,
        "work_limit": work_limit,
        "gap": gap,
        "seed": seed,
        "scenario": scenario,
        "only": parts,
        "decided": None if decided is None else _decided_choices(decided),
        "earlier": None if decided is None else _proven_bound(decided),
        "draws": draws,
        "certainty": certainty,
        "certainty_goal": certainty_goal,
    }
    _make_plan(underlag, out, options, as_json)


@app.command(
    "needs",
    cls=_Command,
    short_help=_("Räkna behoven och föreslå projekt."),
    help=_(
        "Räkna vad som behöver förnyas och var platser kommer att saknas, och föreslå projekt att lägga i underlaget."
    ),
)
def _needs(
    underlag: _Underlag,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="MAPP",
            help=_(
                "Ny eller tom mapp, eller ny arbetsbok (.xlsx), för de föreslagna "
                "projekten."
            ),
        ),
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            "--draws", min=2, max=100_000, metavar="ANTAL", help=_("Antal dragningar.")
        ),
    ] = 500,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, metavar="TAL", help=_("Slumpfrö; annars underlagets.")
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    from rodtrad.domain.checks import check_tables
    from rodtrad.sources.suggestions import check_suggestions_path, write_suggestions

    if out is not None:
        check_suggestions_path(out)
    workbook = not underlag.is_dir()
    tables, reading = _read_located(underlag)
    faults = [*reading, *check_tables(tables)]
    if any(issue.severity == "error" for issue in faults):
        raise _LocatedError(faults, workbook)

    from rodtrad.domain.components import build_tables
    from rodtrad.needs.result import needs_and_candidates
    from rodtrad.publish.terminal_needs import render_needs

    with _Progress() as progress:
        progress(_("Räknar behoven"))
        found, rows = needs_and_candidates(tables, draws, seed)
    paths = []
    if out is not None and rows.get("projects"):
        paths = write_suggestions(build_tables(rows), out)
    if as_json:
        _print_json({"need_forecast": found, "suggestions": rows})
        return
    settings = tables.settings
    in_use = frozenset(key for key in tables["projects"]["asset_id"] if key)
    name, currency = str(settings["municipality_name"]), str(settings["currency"])
    first_year = int(settings["plan_start"])
    print(render_needs(found, rows, name, first_year, currency, in_use), end="")
    if paths:
        print("\n" + _("Raderna att lägga i underlaget:"))
        for path in paths:
            print(f"  {path}")
    elif rows.get("projects"):
        print("  " + _("Skriv dem som filer med --out MAPP."))


@app.command(
    "compare",
    cls=_Command,
    short_help=_("Jämför planer eller scenarier."),
    help=_(
        "Ställ planer eller scenarier sida vid sida och visa var skillnaden kommer ifrån."
    ),
)
def _compare(
    plans: Annotated[
        list[str],
        typer.Argument(
            metavar="A B [C]",
            help=_(
                "Mappar med planer, eller underlag (som då räknas); UNDERLAG#NAMN är ett scenario."
            ),
        ),
    ],
    as_json: _Json = False,
) -> None:
    if len(plans) < 2:
        raise _refusal(
            "compare_few",
            _("Det behövs minst två planer för en jämförelse."),
            _("Skriv till exempel: rodtrad compare ut/a ut/b."),
        )
    from rodtrad.publish.terminal import render_comparison
    from rodtrad.study import compare_studies

    studies = [_plan_or_run(one) for one in plans]
    _refuse_unlike(plans, [result for _tables, result in studies])
    comparison = compare_studies(studies)
    if as_json:
        _print_json(comparison)
    else:
        results = [result for _tables, result in studies]
        print(render_comparison(comparison, plans, results), end="")


@app.command(
    "explain",
    cls=_Command,
    short_help=_("Visa hur en siffra är räknad, eller varför ett projekt ingår."),
    help=_(
        "Visa hur en siffra har räknats fram, ända till cellen och källan, eller varför ett projekt ingår eller inte."
    ),
)
def _explain(
    folder: _Folder,
    figure: Annotated[
        str | None,
        typer.Option(
            "--figure",
            metavar="RAD:ÅR",
            help=_("Till exempel ar:2029 (årets resultat 2029)."),
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            "--project", metavar="ID", help=_("Ett projekt-id ur underlaget.")
        ),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(
            "--year",
            metavar="ÅR",
            help=_("Räkna ut vad som krävs för att projektet ska starta det året."),
        ),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--ask",
            help=_("Räkna ut vad som händer om svaret om projektet vore det andra."),
        ),
    ] = False,
    as_json: _Json = False,
) -> None:
    if (figure is None) == (project is None):
        raise _refusal(
            "explain_what",
            _("Ange en siffra eller ett projekt."),
            _(
                "Skriv till exempel --figure ar:2029, eller --project nybble_aldreboende."
            ),
        )
    if project is None and (ask or year is not None):
        raise _refusal(
            "explain_what",
            _("--ask och --year gäller ett projekt."),
            _("Lägg till --project och projektets id."),
        )
    tables, result = _read_true_plan(folder)
    if project is not None:
        from rodtrad.publish.terminal import render_project

        found = _find_project(result, project)
        if ask or year is not None:
            _answer(tables, result, found["project"]["project_id"], year, as_json)
            return
        if as_json:
            _print_json(found)
        else:
            print(render_project(found, result), end="")
        return

    from rodtrad.domain.components import apply_scenario
    from rodtrad.explain.trail import explain_figure
    from rodtrad.publish.terminal import render_trail
    from rodtrad.study import read_choices

    if result["meta"]["scenario"] is not None:
        tables = apply_scenario(tables, result["meta"]["scenario"])
    trail = explain_figure(tables, read_choices(result), str(figure))
    if as_json:
        _print_json(trail.as_dict())
    else:
        print(render_trail(trail), end="")


@app.command(
    "verify",
    cls=_Command,
    short_help=_("Räkna om en plan och visa det som skiljer sig."),
    help=_(
        "Räkna om planen från dess eget underlag, utan att lösa den på nytt, och visa det som skiljer sig."
    ),
)
def _verify(folder: _Folder, as_json: _Json = False) -> None:
    from rodtrad.publish.terminal import count_figures, render_differences
    from rodtrad.sources.result_folder import (
        read_certificates_file,
        read_result,
        read_result_tables,
    )
    from rodtrad.verify import verify_result

    result = read_result(folder)
    tables, issues = read_result_tables(folder)
    proofs = read_certificates_file(folder)
    differences = verify_result(tables, result, issues, proofs)
    if as_json:
        _print_json(
            {
                "ok": not differences,
                "figures": count_figures(result),
                "differences": [one.as_dict() for one in differences],
            }
        )
    else:
        print(render_differences(differences, result), end="")
    if differences:
        raise typer.Exit(1)


@app.command(
    "envelope",
    cls=_Command,
    short_help=_("Räkna vad en medborgarbudget räcker till."),
    help=_(
        "Räkna vilka förslag som får pengar ur en medborgarbudget, med ett kvitto för varje valsedel."
    ),
)
def _envelope(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FIL.pb", help=_("Valsedlarna, i formen .pb (även gzippad).")
        ),
    ],
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="REGEL",
            help=_("equal_shares (lika delar) eller greedy (flest röster först)."),
        ),
    ] = "equal_shares",
    completion: Annotated[
        str,
        typer.Option(
            "--completion",
            metavar="SÄTT",
            help=_(
                "När delarna inte räcker till mer: none (inget), add1 (en krona till åt "
                "varje valsedel, om och om igen) eller add1_greedy (och sedan flest "
                "röster först)."
            ),
        ),
    ] = "add1",
    utility: Annotated[
        str,
        typer.Option(
            "--utility",
            metavar="MÅTT",
            help=_(
                "Vad ett förslag är värt för den som röstar på det: cost (vad det "
                "kostar, gånger poängen) eller points (poängen). Annars cost för "
                "kryss och points för poäng."
            ),
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="MAPP",
            help=_("Ny eller tom mapp för resultat och kvitton."),
        ),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify",
            metavar="MAPP",
            help=_("Kontrollera ett resultat som redan är skrivet, kvitto för kvitto."),
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    from rodtrad.dialogue.envelope import COMPLETIONS, RULES
    from rodtrad.dialogue.equal_shares import UTILITIES
    from rodtrad.sources.pabulib import read_pabulib_file
    from rodtrad.sources.result_folder import check_destination

    _one_of("--rule", rule, RULES)
    _one_of("--completion", completion, COMPLETIONS)
    _one_of("--utility", utility or "cost", UTILITIES)
    if out is not None:
        check_destination(out)
    envelope, noted = read_pabulib_file(file)
    for issue in noted:
        print(f"{issue.message} {issue.remedy}".strip(), file=sys.stderr)
    if verify is not None:
        _verify_envelope(envelope, verify, as_json)
        return

    from rodtrad.dialogue.envelope import distribute
    from rodtrad.dialogue.receipts import (
        RECEIPT_COLUMNS,
        build_receipt_book,
        build_result,
        receipt_rows,
    )
    from rodtrad.publish.document_html import render_html
    from rodtrad.publish.envelope import build_envelope_report, render_envelope
    from rodtrad.sources.envelope_folder import write_envelope

    with _Progress() as progress:
        outcome = distribute(
            envelope,
            rule,  # type: ignore[arg-type]  # one of the words above
            completion,  # type: ignore[arg-type]
            utility or None,  # type: ignore[arg-type]
            lambda added: progress(_("Fyller på, {n} kr").format(n=added)),
        )
    result = build_result(envelope, outcome)
    paths: list[Path] = []
    if out is not None:
        shares = outcome.shares
        book = build_receipt_book(shares) if shares else []
        rows = [RECEIPT_COLUMNS, *receipt_rows(envelope, shares)] if shares else []
        page = {"envelope.html": render_html(build_envelope_report(result))}
        paths = write_envelope(out, envelope, result, book, rows, page)
    if as_json:
        _print_json(result)
        return
    print(render_envelope(result), end="")
    if paths:
        print("\n" + _("Rapport och filer:"))
        for path in paths:
            print(f"  {path}")


def _one_of(option: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise _refusal(
            "option_unknown",
            _("{option} känner inte till ”{word}”.").format(option=option, word=word),
            _("Skriv en av {words}.").format(words=", ".join(words)),
        )


def _verify_envelope(envelope: Envelope, folder: Path, as_json: bool) -> None:
    from rodtrad.dialogue.checking import check_outcome
    from rodtrad.sources.envelope_folder import read_envelope

    result, book, rows = read_envelope(folder)
    try:
        differences = check_outcome(envelope, result, book, rows)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _refusal(
            "envelope_damaged",
            _("Resultatet i {dir} har inte den form som behövs.").format(dir=folder),
            _("Ange en mapp som rodtrad envelope har skrivit."),
        ) from error
    if as_json:
        _print_json({"ok": not differences, "differences": differences})
    elif differences:
        print("\n".join(differences))
    else:
        print(
            _("Allt stämmer: {n} valsedlar, {m} förslag som får pengar.").format(
                n=len(envelope.ballots), m=len(result["elected"])
            )
        )
    if differences:
        raise typer.Exit(1)


@app.command(
    "demo",
    cls=_Command,
    short_help=_("Räkna exempelplanen för Vimmerby."),
    help=_("Räkna exempelplanen för Vimmerby och skriv rapporten i mappen ut."),
)
def _demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="MAPP", help=_("Där planen läggs."))
    ] = Path("ut"),
    as_json: _Json = False,
) -> None:
    underlag = _example("vimmerby")
    _make_plan(underlag, _free_folder(out / "vimmerby"), {}, as_json)
    if not as_json:
        print("\n" + _("Arbeta vidare med exemplen i webbläsaren: rodtrad serve"))


@app.command(
    "serve",
    cls=_Command,
    short_help=_("Starta webbplatsen på den här datorn."),
    help=_(
        "Starta webbplatsen på den här datorn, med exemplen inlagda första gången. Raderna som skrivs säger hur man loggar in."
    ),
)
def _serve(
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADRESS",
            help=_("Adressen att lyssna på; 0.0.0.0 når även andra datorer."),
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port", min=1, max=65535, metavar="PORT", help=_("Porten att lyssna på.")
        ),
    ] = 8000,
    processes: Annotated[
        int,
        typer.Option(
            "--processes",
            min=1,
            max=64,
            metavar="ANTAL",
            help=_("Antal processer som svarar."),
        ),
    ] = 2,
    no_examples: Annotated[
        bool,
        typer.Option("--no-examples", help=_("Lägg inte in exempelkommunerna.")),
    ] = False,
    new_password: Annotated[
        bool,
        typer.Option(
            "--new-password", help=_("Ge exempelanvändarna ett nytt lösenord.")
        ),
    ] = False,
) -> None:
    words = ["serve", "--host", host, "--port", str(port), "--processes"]
    words += [str(processes)]
    words += ["--no-examples"] * no_examples + ["--new-password"] * new_password
    sys.stdout.flush()
    # this process becomes the server, so that signals reach it
    os.execv(sys.executable, [sys.executable, "-m", "rodtrad.web", *words])  # noqa: S606


@app.command(
    "backup",
    cls=_Command,
    short_help=_("Kopiera allt på webbplatsen till en fil."),
    help=_(
        "Kopiera allt på webbplatsen, databas och bifogade filer, till en ny zip-fil. Webbplatsen kan vara igång."
    ),
)
def _backup(
    file: Annotated[
        Path, typer.Argument(metavar="FIL.zip", help=_("Filen som ska skapas."))
    ],
) -> None:
    _hand_over("backup", str(file))


@app.command(
    "restore",
    cls=_Command,
    short_help=_("Återställ webbplatsen från en säkerhetskopia."),
    help=_(
        "Återställ webbplatsen från en säkerhetskopia: allt, eller ingenting om något är fel med kopian. Databasen kan vara av ett annat slag än den som kopian kom från."
    ),
)
def _restore(
    file: Annotated[
        Path, typer.Argument(metavar="FIL.zip", help=_("Filen som backup skrev."))
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help=_("Ersätt allt som finns nu."))
    ] = False,
) -> None:
    _hand_over("restore", str(file), *["--replace"] * replace)


@app.command(
    "batch",
    cls=_Command,
    short_help=_("Räkna många underlag på en gång."),
    help=_(
        "Räkna en plan för varje underlag i en mapp, eller för varje kommun på webbplatsen (--all). Det som är klart räknas inte om: kör samma kommando igen efter ett avbrott."
    ),
)
def _batch(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="MAPP", help=_("Mapp med arbetsböcker eller mappar med CSV-filer.")
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=_("Räkna alla kommuner på webbplatsen."))
    ] = False,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="MAPP",
            help=_("Där planerna läggs, en mapp för var och en."),
        ),
    ] = Path("ut"),
    executor: Annotated[
        str,
        typer.Option(
            "--executor",
            metavar="SLAG",
            help=_(
                "process (den här datorn) eller dask (klustret i RODTRAD_DASK, annars ett på den här datorn)."
            ),
        ),
    ] = "",
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            min=0.1,
            metavar="SEKUNDER",
            help=_("Längsta tid för att söka varje plan."),
        ),
    ] = 60.0,
    only: Annotated[
        str, typer.Option("--only", metavar="DELAR", help=_("Som för rodtrad plan."))
    ] = "",
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario", metavar="NAMN", help=_("Ett scenario som alla har.")
        ),
    ] = "",
    as_json: _Json = False,
) -> None:
    if (folder is None) == (not every):
        raise _refusal(
            "batch_what",
            _("Ange en mapp eller --all, inte båda."),
            _("Till exempel: rodtrad batch underlag --out ut"),
        )
    words = ["batch", "--all"] if folder is None else ["batch", str(folder)]
    words += ["--out", str(out), "--time-limit", str(time_limit)]
    if executor:
        if executor not in ("process", "dask"):
            raise _refusal(
                "executor_unknown",
                _("--executor känner inte till ”{name}”.").format(name=executor),
                _("Skriv process eller dask."),
            )
        words += ["--executor", executor]
    words += ["--only", ",".join(_parts(only))] if only else []
    words += ["--scenario", scenario] if scenario else []
    words += ["--json"] if as_json else []
    sys.stdout.flush()
    # this process becomes the batch, so that signals reach it
    os.execv(sys.executable, [sys.executable, "-m", "rodtrad.web", *words])  # noqa: S606


def _hand_over(*words: str) -> None:
    """Let the application do it, in a process of its own, and leave with its code."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "rodtrad.web", *words]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own
    if code:
        raise typer.Exit(code if code in (2, 130) else 3)


# ---------------------------------------------------------------- what commands share


def _read_and_check(underlag: Path) -> tuple[Tables | None, list[Issue]]:
    """Return the tables and every fault found, in reading and in checking.

    The tables are None when nothing could be read; the issues then say why.
    """
    from rodtrad.sources import read_underlag

    try:
        tables, issues = read_underlag(underlag)
    except InputError as error:
        return None, list(error.issues)

    return tables, [*issues, *_check_further(tables, issues)]


def _check_further(tables: Tables, reading: Sequence[Issue]) -> list[Issue]:
    """Return the faults of tables; with errors in reading, only those of the cells."""
    if any(issue.severity == "error" for issue in reading):
        from rodtrad.domain.checks import check_tables

        return check_tables(tables)
    from rodtrad.study import check_all

    return check_all(tables)


def _read_located(underlag: Path) -> tuple[Tables, list[Issue]]:
    """Return the tables and the issues of reading.

    Raises:
        _LocatedError: nothing could be read.
    """
    from rodtrad.sources import read_underlag

    try:
        return read_underlag(underlag)
    except InputError as error:
        raise _LocatedError(error.issues, not underlag.is_dir()) from error


def _processes() -> int:
    """Return how many processes may share a study: two, where there are two cores."""
    return min(os.cpu_count() or 1, 2)


def _run_study(underlag: Path, options: Mapping[str, Any]) -> Study:
    """Return the study of an underlag, the issues of reading first among its issues.

    Raises:
        _LocatedError: the underlag has errors; all that were found.
    """
    workbook = not underlag.is_dir()
    tables, reading = _read_located(underlag)
    if any(issue.severity == "error" for issue in reading):
        raise _LocatedError([*reading, *_check_further(tables, reading)], workbook)

    from rodtrad.study import Settings, Study, run

    try:
        with _Progress() as progress:
            settings = Settings(**options, processes=_processes())
            study = run(tables, settings, progress=progress)
    except InputError as error:
        raise _LocatedError([*reading, *error.issues], workbook) from error
    first = [issue.as_dict() for issue in reading]
    issues = [*first, *study.result["issues"]]
    result = {**study.result, "issues": issues}
    return Study(study.tables, result, study.certificates)


def _make_plan(
    underlag: Path, out: Path, options: Mapping[str, Any], as_json: bool
) -> None:
    study = _run_study(underlag, options)
    with _Progress() as progress:
        progress(_("Skriver rapporten"))
        documents = _render_documents(study.result, study.tables)

    from rodtrad.sources.result_folder import (
        CERTIFICATES_FILE,
        render_certificates,
        render_json,
        write_result,
    )

    if study.certificates is not None:
        documents[CERTIFICATES_FILE] = render_certificates(study.certificates)
    paths = write_result(out, study.result, study.tables, documents)
    if as_json:
        print(render_json(study.result), end="")
        return

    from rodtrad.publish.summary import render_summary

    print(render_summary(study.result))
    warnings = sum(row["severity"] == "warning" for row in study.result["issues"])
    if warnings:
        print(
            plural(
                "{n} varning i underlaget. Se den med: rodtrad check {path}",
                "{n} varningar i underlaget. Se dem med: rodtrad check {path}",
                warnings,
            ).format(n=warnings, path=underlag)
        )
        print()
    print(_("Rapport och filer:"))
    for path in paths:
        print(f"  {path}")


def _render_documents(result: dict[str, Any], tables: Tables) -> dict[str, bytes]:
    from rodtrad.publish.content import build_report
    from rodtrad.publish.document_html import render_html
    from rodtrad.publish.document_pdf import render_pdf
    from rodtrad.publish.excel_report import render_workbook

    report = build_report(result)
    return {
        "plan.html": render_html(report),
        "plan.pdf": render_pdf(report),
        "plan.xlsx": render_workbook(result, tables),
    }


def _read_plan(folder: Path) -> tuple[Tables, dict[str, Any]]:
    """Return the underlag and the result that `rodtrad plan` wrote.

    Raises:
        InputError: either is missing, damaged or has faults.
    """
    from rodtrad.domain.checks import check_tables
    from rodtrad.sources.result_folder import read_result, read_result_tables

    result = read_result(folder)
    tables, issues = read_result_tables(folder)
    if any(issue.severity == "error" for issue in issues):
        raise _LocatedError([*issues, *check_tables(tables)], workbook=False)
    faults = check_tables(tables)
    if any(issue.severity == "error" for issue in faults):
        raise _LocatedError(faults, workbook=False)
    return tables, result


def _read_true_plan(folder: Path) -> tuple[Tables, dict[str, Any]]:
    """Return a plan that agrees with its own underlag; no other is shown as a plan."""
    from rodtrad.sources.result_folder import read_certificates_file
    from rodtrad.verify import verify_result

    tables, result = _read_plan(folder)
    proofs = read_certificates_file(folder)
    # A question about a plan rests on no draws.
    if verify_result(tables, result, certificates=proofs, drawn=False):
        raise _refusal(
            "plan_differs",
            _("Planen i {dir} stämmer inte med sitt underlag.").format(dir=folder),
            _("Se vad som skiljer sig med: rodtrad verify {dir}.").format(dir=folder),
        )
    return tables, result


def _plan_or_run(argument: str) -> tuple[Tables, dict[str, Any]]:
    """Return the plan in a folder, or the plan of an underlag (`#` names a scenario)."""
    from rodtrad.sources.result_folder import is_result

    folder = Path(argument)
    if is_result(folder):
        return _read_true_plan(folder)
    path, mark, scenario = argument.rpartition("#")
    named = bool(mark) and not folder.exists()
    study = _run_study(
        Path(path if named else argument),
        {"scenario": scenario if named else None, "only": ("plan",)},
    )
    return study.tables, study.result


def _refuse_unlike(names: Sequence[str], results: Sequence[Mapping[str, Any]]) -> None:
    """Refuse plans of different municipalities or currencies: no sum means anything.

    Raises:
        InputError: names the first plan that is unlike, and how.
    """
    first = results[0]["meta"]
    for name, result in zip(names[1:], results[1:], strict=True):
        meta = result["meta"]
        if meta["currency"] != first["currency"]:
            message = _("{a} räknas i {x} och {b} i {y}. De går inte att jämföra.")
            slots = {"x": first["currency"], "y": meta["currency"]}
        elif meta["municipality_code"] != first["municipality_code"]:
            message = _("{a} gäller {x} och {b} gäller {y}. De går inte att jämföra.")
            slots = {"x": _municipality(first), "y": _municipality(meta)}
        else:
            continue
        raise _refusal(
            "compare_unlike",
            message.format(a=names[0], b=name, **slots),
            _("Jämför planer för samma kommun och i samma valuta."),
        )


def _municipality(meta: Mapping[str, Any]) -> str:
    code = meta["municipality_code"]
    name = str(meta["municipality"])
    return _("{name} (kod {code})").format(name=name, code=code) if code else name


def _decided_choices(folder: Path) -> tuple[Choice, ...]:
    """Return the choices of an earlier plan.

    Raises:
        InputError: there is no plan in the folder, or it cannot be read.
    """
    from rodtrad.domain.arrays import Choice
    from rodtrad.sources.result_folder import read_result
    from rodtrad.study import read_choices

    result = read_result(folder)
    try:
        decided = tuple(
            Choice(str(one), str(other), int(year))
            for one, other, year in read_choices(result)
        )
        if len({choice.project_id for choice in decided}) < len(decided):
            msg = "a project is decided twice"
            raise ValueError(msg)
        return decided
    except (KeyError, TypeError, ValueError) as error:
        raise _refusal(
            "result_damaged",
            _("Valen i planen i {dir} går inte att läsa.").format(dir=folder),
            _("Ange en mapp som rodtrad plan har skrivit."),
        ) from error


def _proven_bound(folder: Path) -> tuple[Tables, float] | None:
    """Return the underlag of an earlier plan and the bound proven of it.

    None where the bound cannot be known to be of that underlag.
    """
    from rodtrad.capacity.result import input_fingerprint
    from rodtrad.sources.result_folder import read_result, read_result_tables

    result = read_result(folder)
    meta, bound = result["meta"], (result.get("status") or {}).get("bound")
    if meta.get("scenario") is not None or not isinstance(bound, int | float):
        return None
    try:
        tables, issues = read_result_tables(folder)
    except InputError:
        return None
    same = input_fingerprint(tables) == meta.get("input_sha256")
    return (tables, float(bound)) if same and not issues else None


def _parts(only: str) -> tuple[str, ...]:
    from rodtrad.study import PARTS

    parts = tuple(part.strip() for part in only.split(",") if part.strip())
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        raise _refusal(
            "only_unknown",
            _("--only känner inte till ”{part}”.").format(part=", ".join(unknown))
            if unknown
            else _("--only behöver minst en del."),
            _("Skriv en eller flera av {parts}.").format(parts=", ".join(PARTS)),
        )
    return parts


def _answer(
    tables: Tables,
    result: Mapping[str, Any],
    project_id: str,
    year: int | None,
    as_json: bool,
) -> None:
    """Solve one question about a finished plan anew, and print the answer."""
    from rodtrad.explain.answers import answer_text
    from rodtrad.explain.claims import answer_for
    from rodtrad.plan.constraints import build_problem
    from rodtrad.study import read_case, read_plan

    case = read_case(tables, result)
    problem = build_problem(case)
    starts = {c.start_year for c in problem.choices if c.project_id == project_id}
    if year is not None and year not in starts:
        own = [str(start) for start in sorted(starts)]
        raise _refusal(
            "explain_year",
            _("Projektet {p} kan inte starta {y}.").format(
                p=quoted(case.project(project_id).name), y=year
            ),
            _("Välj ett av åren {years}.").format(years=", ".join(own))
            if own
            else _("Underlaget tillåter inget startår."),
        )
    found = answer_for(problem, read_plan(result), project_id, year)
    if as_json:
        _print_json(found)
    else:
        print(" ".join(answer_text(case, found)))


def _find_project(result: Mapping[str, Any], project_id: str) -> dict[str, Any]:
    projects = {row["project_id"]: row for row in result.get("projects", [])}
    folded = {key.casefold(): key for key in projects}
    if project_id not in projects:
        project_id = folded.get(project_id.casefold(), project_id)
    if project_id not in projects:
        from difflib import get_close_matches

        close = get_close_matches(project_id.casefold(), list(folded), n=1, cutoff=0.4)
        raise _refusal(
            "ref_orphan",
            _("Projektet ”{id}” finns inte i planen.").format(id=project_id),
            _("Menade du {guess}?").format(guess=folded[close[0]])
            if close
            else _("Kontrollera projekt-id i plan.xlsx."),
        )
    reasons = {row["project_id"]: row for row in result.get("reasons", [])}
    return {"project": projects[project_id], "reason": reasons.get(project_id)}


def _example(name: str) -> Path:
    """Return the folder of a committed example, from the checkout or from here."""
    places = [Path(__file__).parents[2] / "examples", Path("examples")]
    for place in places:
        if (place / name / "underlag").is_dir():
            found = place / name / "underlag"
            here = Path.cwd()
            return found.relative_to(here) if found.is_relative_to(here) else found
    raise _refusal(
        "example_missing",
        _("Exemplet {name} finns inte här.").format(name=name),
        _("Kör kommandot i en utcheckning av programmet, med `make demo`."),
    )


def _free_folder(wanted: Path) -> Path:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3`, … that is not taken."""
    candidate, number = wanted, 1
    while candidate.exists():
        number += 1
        candidate = wanted.with_name(f"{wanted.name}-{number}")
    return candidate


def _refusal(code: str, message: str, remedy: str) -> InputError:
    return InputError([Issue(code, "error", "", None, "", message, remedy)])


class _LocatedError(InputError):
    """Faults with the kind of underlag they came from, so that places get its names."""

    def __init__(self, issues: Sequence[Issue], workbook: bool) -> None:
        super().__init__(issues)
        self.workbook = workbook


class _Progress:
    """Tells on standard error how far the computing has come, and how sure it is.

    On a terminal one line that renews itself; elsewhere a plain line when the stage
    changes and then every few seconds. Says nothing about runs under a second.
    """

    _QUIET_SECONDS = 1.0
    _PLAIN_SECONDS = 5.0

    def __init__(self) -> None:
        self._started = self._told = time.monotonic()
        self._stage = ""
        self._live: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.status import Status

            self._live = Status("", console=Console(stderr=True))
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, stage: str, gap: float | None = None, **_facts: object) -> None:
        """Tell the stage and, where there is one, the distance to the best possible."""
        now = time.monotonic()
        seconds = now - self._started
        text = stage
        if gap is not None:
            text += ", " + _("högst {pct} från bästa möjliga").format(
                pct=share_text(gap)
            )
        if self._live is not None:
            self._live.update(f"{text} ({seconds:.0f} s)")
            return
        kind = re.sub(r"\d+", "", stage)
        renewed = kind != self._stage and seconds >= self._QUIET_SECONDS
        if renewed or now - self._told >= self._PLAIN_SECONDS:
            print(f"{text} ({seconds:.0f} s)", file=sys.stderr, flush=True)
            self._told, self._stage = now, kind


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


# ---------------------------------------------------------------- errors and exit codes


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.encoding.lower() != "utf-8":
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run_command(sys.argv[1:]))


def _terminate(_signal: int, _frame: object) -> NoReturn:
    """Leave by the same way as an interruption, so that nothing half-made is left."""
    sys.exit(_interrupted() + 13)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every error becomes a Swedish message."""
    as_json = "--json" in arguments
    try:
        code = app(args=list(arguments), prog_name="rodtrad", standalone_mode=False)
    except KeyboardInterrupt:
        return _interrupted()
    except typer.Abort:
        return _interrupted()
    except typer.TyperException as error:
        return _tell_usage(error, as_json)
    except RodtradError as error:
        return _tell(error, as_json)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _tell(_file_refusal(error), as_json)
    except Exception as error:  # noqa: BLE001 - the last guard: no traceback reaches a user
        return _tell_internal(error, as_json)
    if code == 130:
        return _interrupted()
    return code if isinstance(code, int) else 0


def _file_refusal(error: OSError) -> InputError:
    from rodtrad.sources.writing import reason

    name = Path(str(error.filename)).name if error.filename else _("utdata")
    return _refusal(
        "file_unreadable",
        _("Det går inte att läsa eller skriva {file}: {why}.").format(
            file=name, why=reason(error)
        ),
        _("Kontrollera mapp, rättigheter och utrymme."),
    )


def _interrupted() -> int:
    print(_("Avbrutet. Inget är skrivet."), file=sys.stderr)
    return 130


def _tell(error: RodtradError, as_json: bool) -> int:
    """Say what is wrong and what to do; the machine form goes to standard output."""
    machine: dict[str, Any] = {"message": str(error)}
    if isinstance(error, InputError):
        from rodtrad.publish.terminal import issues_summary, render_issues

        machine["kind"] = "input"
        machine["issues"] = [issue.as_dict() for issue in error.issues]
        if isinstance(error, _LocatedError):
            text = render_issues(error.issues, workbook=error.workbook)
            machine["message"] = issues_summary(error.issues)
        else:
            text = "\n".join(
                f"{issue.message} {issue.remedy}".strip() for issue in error.issues
            )
    elif isinstance(error, NoPlanError):
        from rodtrad.publish.terminal import render_conflict

        machine |= {
            "kind": "no_plan",
            "conflict": error.conflict,
            "repair": error.repair,
        }
        text = render_conflict(error)
    elif isinstance(error, SourceError):
        machine |= {"kind": "source", "code": error.code, "remedy": error.remedy}
        text = f"{error} {error.remedy}".strip()
    else:
        machine["kind"] = "solver"
        text = str(error)
    if as_json:
        _print_json({"error": machine})
    else:
        print(text.rstrip("\n"), file=sys.stderr)
    return 2


def _tell_usage(error: typer.TyperException, as_json: bool) -> int:
    """Say in Swedish what the command line lacks; the parser's words are English."""
    kind = type(error).__name__
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "rodtrad"
    parameter = getattr(error, "param", None)
    name = parameter.get_error_hint() if parameter is not None else ""
    name = name.replace("'", "")
    if kind == "NoArgsIsHelpError":
        print(_in_swedish(error.format_message()))
        return 2
    if kind == "NoSuchOption":
        message = _("Valet {name} finns inte.").format(
            name=getattr(error, "option_name", "")
        )
    elif kind == "MissingParameter":
        message = _("{name} saknas.").format(name=name)
    elif kind == "BadParameter":
        message = _("Värdet för {name} går inte att använda.").format(name=name)
    elif kind == "BadOptionUsage":
        message = _("Valet {name} behöver ett värde.").format(
            name=getattr(error, "option_name", "")
        )
    else:
        typed = re.findall(r"'([^']*)'", error.format_message())
        if "No such command" in error.format_message() and typed:
            message = _("Kommandot ”{name}” finns inte.").format(name=typed[0])
            if len(typed) > 1:
                message += " " + _("Menade du {guess}?").format(guess=typed[1])
        else:
            message = _("Raden går inte att tyda: något är för mycket eller saknas.")
    remedy = _("Se {command} --help.").format(command=command)
    if as_json:
        _print_json({"error": {"kind": "usage", "message": message, "remedy": remedy}})
    else:
        print(f"{message} {remedy}", file=sys.stderr)
    return 2


def _tell_internal(error: Exception, as_json: bool) -> int:
    """Give a fault of ours a code that names its place; the details go to a log file.

    The same fault gets the same code on every machine. The log is written only when
    the environment variable RODTRAD_DEBUG is set.
    """
    from rodtrad.domain.messages import message as internal_message

    frames = traceback.extract_tb(error.__traceback__)
    place = "|".join(
        f"{Path(f.filename).name}:{f.name}:{f.lineno}" for f in frames[-4:]
    )
    digest = hashlib.sha256(f"{type(error).__name__}|{place}".encode())
    reference = digest.hexdigest()[:6].upper()
    message, remedy = internal_message("internal", ref=reference)
    if os.environ.get("RODTRAD_DEBUG"):
        log = Path(f"rodtrad-{reference}.log")
        try:
            log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            remedy += " " + _("Detaljerna står i {file}.").format(file=log)
        except OSError:
            remedy += " " + _("Detaljerna gick inte att spara.")
    if as_json:
        _print_json(
            {
                "error": {
                    "kind": "internal",
                    "code": reference,
                    "message": message,
                    "remedy": remedy,
                }
            }
        )
    else:
        print(f"{message} {remedy}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    main()
