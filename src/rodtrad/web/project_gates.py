"""What must a project have to pass a gate, and has it? DOMAIN 6.1 as a checklist.

Passing asks for the content of the gate that is reached, or for a stated reason for
what is missing. Leaves out storing the passage (project_life) and the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from rodtrad.web.access import Right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.functional import _StrOrPromise

    from rodtrad.web.models import Attachment, Decision, Estimate, ProjectFile
    from rodtrad.web.models.underlag import Row

GATES: Final = tuple(f"G{n}" for n in range(10))
# A decision by a body: registered by those who may do so, and asked for here.
DECISION_GATES: Final = frozenset({"G3", "G5", "G8"})
_CLASSES: Final = (
    "schablon",
    "forstudie",
    "program",
    "projektering",
    "anbud",
    "kontrakt",
    "slutkostnad",
)


def right_to(gate: str) -> Right:
    """Return the right that moving a project to a gate asks for."""
    return Right.DECIDE if gate in DECISION_GATES else Right.EDIT_PROJECTS


@dataclass(frozen=True)
class Requirement:
    """Something a gate asks for. `where` is the part of the page where it is given."""

    code: str
    label: _StrOrPromise
    where: str
    met: bool = False


@dataclass(frozen=True)
class Facts:
    """What there is to judge a gate by."""

    file: ProjectFile | None
    rows: Mapping[str, Sequence[Row]]
    decisions: Sequence[Decision]
    estimates: Sequence[Estimate]
    attachments: Sequence[Attachment]
    reports: int
    forecast_tkr: float | None
    decided_tkr: float | None

    def word(self, name: str) -> bool:
        """Whether something has been written under a name."""
        return bool(self.file and getattr(self.file, name) not in (None, ""))

    def cell(self, name: str) -> bool:
        """Whether the project's row of the underlag has a value."""
        rows = self.rows.get("projects") or ()
        return bool(rows) and rows[0].data.get(name) not in (None, "")

    def worked_out(self, least: str) -> bool:
        """Whether there is an estimate of at least this class."""
        return any(
            _CLASSES.index(e.estimate_class) >= _CLASSES.index(least)
            for e in self.estimates
            if e.estimate_class in _CLASSES
        )

    def decided(self, gate: str) -> bool:
        """Whether a decision about this gate is registered."""
        return any(d.gate == gate for d in self.decisions)


def next_gate(gate: str) -> str:
    """Return the gate after one; the first where none is set, empty after the last."""
    if gate not in GATES:
        return GATES[0]
    i = GATES.index(gate) + 1
    return GATES[i] if i < len(GATES) else ""


def previous_gate(gate: str) -> str:
    """Return the gate before one; empty at the first."""
    return GATES[GATES.index(gate) - 1] if gate in GATES[1:] else ""


def requirements(gate: str, facts: Facts) -> list[Requirement]:
    """Return what a project must have to reach a gate, each met or not."""
    return [
        Requirement(code, label, where, bool(met))
        for code, label, where, met in _ASKED[gate](facts)
    ]


def missing(gate: str, facts: Facts) -> list[Requirement]:
    """Return the requirements of a gate that are not met."""
    return [one for one in requirements(gate, facts) if not one.met]


_Asked = list[tuple[str, "_StrOrPromise", str, bool]]


def _need(f: Facts) -> _Asked:
    return [
        (
            "need",
            _("Vad som behövs är beskrivet"),
            "uppgifter",
            f.word("need") or f.cell("description") or f.reports > 0,
        ),
        (
            "users",
            _("Vilka som berörs är beskrivet"),
            "uppgifter",
            f.word("users"),
        ),
        (
            "when",
            _("När det behövs är satt"),
            "projekt",
            f.cell("earliest_year") or f.cell("deadline_year"),
        ),
        ("driver", _("Varför: drivkraften är satt"), "projekt", f.cell("driver")),
        (
            "if_not",
            _("Vad som händer om det inte görs är beskrivet"),
            "uppgifter",
            f.word("if_not"),
        ),
    ]


def _analysis(f: Facts) -> _Asked:
    kinds = {str(row.data.get("kind") or "") for row in f.rows.get("alternatives", ())}
    return [
        (
            "volumes",
            _("Volymer eller lokalprogram är beskrivna"),
            "uppgifter",
            f.word("volumes"),
        ),
        (
            "no_build",
            _(
                "Ett alternativ utan nybygge är prövat: gör inget, anpassa, hyr, köp eller samverka"
            ),
            "alternativ",
            bool(kinds & {"gor_inget", "anpassa", "hyr", "kop", "samverka"}),
        ),
    ]


def _study(f: Facts) -> _Asked:
    return [
        (
            "two",
            _("Minst två alternativ är utredda"),
            "alternativ",
            len(f.rows.get("alternatives", ())) >= 2,
        ),
        (
            "calculation",
            _("En kalkyl av klassen förstudie eller bättre finns"),
            "pengar",
            f.worked_out("forstudie"),
        ),
        (
            "site",
            _("Platsen är angiven"),
            "projekt",
            f.cell("area") or f.cell("lat") or f.cell("asset_id"),
        ),
        (
            "plan_status",
            _("Läget för detaljplanen är beskrivet"),
            "uppgifter",
            f.word("plan_status"),
        ),
        (
            "effects",
            _("Driftkonsekvenserna är beräknade"),
            "projekt",
            bool(f.rows.get("effects")),
        ),
        ("risks", _("Riskerna är beskrivna"), "uppgifter", f.word("risks")),
    ]


def _direction(f: Facts) -> _Asked:
    return [
        (
            "scores",
            _("Projektet är betygsatt, så att det kan prioriteras"),
            "projekt",
            bool(f.rows.get("scores")),
        ),
        ("year", _("Tidigaste start är satt"), "projekt", f.cell("earliest_year")),
        (
            "estimate",
            _("Kalkylen har klass och osäkerhet"),
            "pengar",
            any(e.spread_share is not None for e in f.estimates),
        ),
        (
            "decision",
            _("Inriktningsbeslutet är infört"),
            "beslut",
            f.decided("G3"),
        ),
    ]


def _design(f: Facts) -> _Asked:
    return [
        (
            "documents",
            _("Ritningar eller förfrågningsunderlag är bifogade"),
            "bilagor",
            bool(f.attachments),
        ),
        (
            "estimate",
            _("En uppdaterad kalkyl av klassen program eller bättre finns"),
            "pengar",
            f.worked_out("program"),
        ),
    ]


def _start(f: Facts) -> _Asked:
    return [
        (
            "tender",
            _("Anbudet är infört som prognos"),
            "pengar",
            f.worked_out("anbud"),
        ),
        (
            "frame",
            _("Prognosen ryms i beslutad totalutgift"),
            "pengar",
            f.forecast_tkr is not None
            and f.decided_tkr is not None
            and f.forecast_tkr <= f.decided_tkr + 0.5,
        ),
        ("decision", _("Startbeslutet är infört"), "beslut", f.decided("G5")),
    ]


def _building(f: Facts) -> _Asked:
    return [
        (
            "contract",
            _("Kontraktssumman är införd som prognos"),
            "pengar",
            f.worked_out("kontrakt"),
        ),
        ("time_plan", _("Tidplanen är införd"), "uppgifter", f.word("time_plan")),
        (
            "changes",
            _("En logg över ändringar (ÄTA) är påbörjad"),
            "uppgifter",
            f.word("changes"),
        ),
    ]


def _in_use(f: Facts) -> _Asked:
    return [
        (
            "parts",
            _("Investeringen är delad i komponenter"),
            "projekt",
            bool(f.rows.get("parts")),
        ),
        (
            "in_use",
            _("Datum för ibruktagande är infört"),
            "uppgifter",
            f.word("in_use_date"),
        ),
    ]


def _closing(f: Facts) -> _Asked:
    return [
        (
            "outcome_tkr",
            _("Slutkostnaden är införd"),
            "pengar",
            f.worked_out("slutkostnad"),
        ),
        (
            "outcome",
            _("Skälet till utfallet är beskrivet"),
            "uppgifter",
            f.word("outcome"),
        ),
        ("lessons", _("Lärdomarna är beskrivna"), "uppgifter", f.word("lessons")),
        (
            "decision",
            _("Beslutet om slutredovisning är infört"),
            "beslut",
            f.decided("G8"),
        ),
    ]


def _effect(f: Facts) -> _Asked:
    return [
        (
            "effect",
            _("Om behovet blev mött är beskrivet"),
            "uppgifter",
            f.word("effect"),
        ),
        (
            "operating",
            _("Den verkliga driftkostnaden är införd"),
            "uppgifter",
            f.word("operating_tkr"),
        ),
    ]


_ASKED: Final = {
    "G0": _need,
    "G1": _analysis,
    "G2": _study,
    "G3": _direction,
    "G4": _design,
    "G5": _start,
    "G6": _building,
    "G7": _in_use,
    "G8": _closing,
    "G9": _effect,
}
