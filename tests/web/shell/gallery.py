"""Every component in every state on one page, for tests and for eyes. Never served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template import engines
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from unit.publish.sample import sample_result

from rodtrad.domain.words import number
from rodtrad.explain.trail import Cell, Trail
from rodtrad.publish.blocks import Cell as Filled
from rodtrad.publish.blocks import Column, Row, StatusLine, TableBlock
from rodtrad.publish.content import build_report, status_line

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE = Path(__file__).with_name("gallery.html")


class ProjectForm(forms.Form):
    """A form with every kind of field."""

    name = forms.CharField(
        label="Namn", help_text="Så att den som bor här känner igen det."
    )
    outlay = forms.DecimalField(label="Utgift, tkr", localize=True)
    committee = forms.ChoiceField(
        label="Nämnd",
        choices=[("SN", "Socialnämnden"), ("BUN", "Barn- och utbildningsnämnden")],
    )
    start = forms.DateField(
        label="Beslutsdatum",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    kind = forms.ChoiceField(
        label="Slag",
        widget=forms.RadioSelect,
        choices=[("N", "nytt"), ("R", "förnyelse")],
    )
    areas = forms.MultipleChoiceField(
        label="Områden",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("n", "Norr"), ("s", "Söder")],
    )
    public = forms.BooleanField(label="Får visas för alla", required=False)
    text = forms.CharField(label="Beskrivning", widget=forms.Textarea, required=False)


class FileForm(forms.Form):
    """A form with a file."""

    file = forms.FileField(label="Arbetsbok")


def sample_trail() -> Trail:
    """A figure with inputs of its own, two of them cells."""
    cell = Cell(
        "loans", "Lån", 8, "amount", 292_000.0, "Årsredovisning 2025, not 21", "uppgift"
    )
    loans = Trail("loans", "Lån", 2028, 292_000.0, "292 000", "", "uppgift", cell=cell)
    price = Cell("outlays", "Utgifter", 41, "outlay", 300_000.0, None, "antagande")
    return Trail(
        "lan_inv",
        "Lån per invånare",
        2029,
        62_100.0,
        "62 100 kr/inv.",
        "lån ÷ invånare",
        "antagande",
        (
            Trail(
                "lan",
                "Lån",
                2029,
                918_400.0,
                "918 400 tkr",
                "lån året före − amortering + nya lån",
                "antagande",
                (
                    loans,
                    Trail(
                        "x", "Utgift", 2029, 3e5, "300 000", "", "antagande", cell=price
                    ),
                ),
            ),
            Trail("pop", "Invånare", 2029, 14_780, "14 780", "", "berakning"),
        ),
    )


def gallery(request: HttpRequest, /, **_kwargs: Any) -> HttpResponse:
    """Return the page with everything on it."""
    report = build_report(sample_result())
    messages.success(request, "Projektet ”Norra skolan” är sparat.")
    messages.warning(request, "Tre rader har samma id. Det senaste gäller.")
    messages.info(request, "Version 4 är låst.")
    bad = ProjectForm({"outlay": "28 mkr", "kind": "N"})
    bad.is_valid()
    broken_file = FileForm({}, MultiValueDict())
    broken_file.is_valid()
    context = {
        "report": report,
        "sections": report.sections[:4],
        "kpis": [
            {
                "label": "Önskat 2026–2035",
                "text": "1 491",
                "unit": "mkr",
                "note": "18 projekt och årlig förnyelse",
                "quality": "antagande",
                "href": request.path + "spar/",
            },
            {
                "label": "Ryms i planen",
                "text": "1 044",
                "unit": "mkr",
                "note": "Skuldtaket avgör 2028–2031",
                "quality": "berakning",
                "href": request.path + "spar/",
            },
            {
                "label": "Svagaste årets resultat",
                "text": "1,2 %",
                "unit": "2029",
                "note": "Kravet är 1 %.",
                "quality": "berakning",
                "href": "",
            },
            {
                "label": "Högsta skuld",
                "text": "40 600",
                "unit": "kr/inv.",
                "note": "Taket är 42 000 kr.",
                "quality": "antagande",
                "href": "",
            },
        ],
        "states": [
            status_line(
                {"state": "optimal", "gap": 0.0, "seconds": 3, "stopped": "proof"}
            ),
            status_line(
                {"state": "optimal", "gap": 0.0008, "seconds": 3, "stopped": "gap"}
            ),
            status_line(
                {"state": "feasible", "gap": 0.021, "seconds": 60, "stopped": "time"}
            ),
            status_line({"state": "infeasible"}),
            StatusLine(
                "Giltig plan.",
                "Hur långt det är till bästa möjliga plan är inte uträknat",
                None,
                False,
            ),
        ],
        "chances": [0.004, 0.55, 0.79, 0.97],
        "labels": ["alla", "omtvistad", "ingen", "oppen"],
        "gates": ["G0", "G2", "G5", "G9"],
        "faults": [
            {
                "severity": "error",
                "at": "Rad 8, Utgift",
                "message": "”28 mkr” är text, inte ett tal.",
                "remedy": "Skriv beloppet i tusen kronor, utan enhet.",
                "href": "#c-8-outlay",
                "fix": "Ändra till 28 000",
                "action": request.path,
                "values": {"cell": "8"},
            },
            {
                "severity": "warning",
                "at": "Rad 12, Utgift",
                "message": "Beloppet har ändrats mer än 20 procent.",
                "remedy": "Kontrollera.",
            },
            {
                "severity": "note",
                "at": "Rad 14",
                "message": "Tidigaste start är läst som 2026.",
                "remedy": "Inget behöver göras.",
            },
        ],
        "bad": bad,
        "form": ProjectForm(auto_id="nytt_%s"),
        "file": FileForm(auto_id="fil_%s"),
        "broken_file": broken_file,
        "trail": sample_trail(),
        "cells_at": "/liten/underlag/",
        "merge": [
            {
                "name": "m1",
                "label": "Utgift, tkr",
                "was": "48 000",
                "theirs": "60 000",
                "mine": "52 000",
                "theirs_value": "60000",
                "mine_value": "52000",
            },
            {
                "name": "m2",
                "label": "Senaste start",
                "was": "",
                "theirs": "2031",
                "mine": "2030",
                "theirs_value": "2031",
                "mine_value": "2030",
            },
        ],
        "now": timezone.now(),
        "stages": [
            {"label": "Läser underlaget", "state": "done"},
            {"label": "Behov och utrymme", "state": "done"},
            {"label": "Söker bästa plan", "state": "now"},
            {"label": "Prövar varför", "state": "later"},
        ],
        "chain": [
            {"kind": "Mål", "text": "Trygg uppväxt", "href": "#"},
            {
                "kind": "Nyckeltal",
                "text": "Platser per barn",
                "note": "0,98 i dag",
                "quality": "uppgift",
            },
            {"kind": "Projekt", "text": "Norra skolan", "href": "#"},
            {"kind": "Effekt", "text": "Mäts 2031", "state": "later"},
        ],
        "tree": [
            {
                "kind": "Mål",
                "text": "Trygg uppväxt",
                "children": [
                    {
                        "kind": "Nyckeltal",
                        "text": "Platser per barn",
                        "children": [
                            {"kind": "Projekt", "text": "Norra skolan", "href": "#"}
                        ],
                    },
                    {
                        "kind": "Nyckeltal",
                        "text": "Behöriga lärare",
                        "weak": "inget projekt",
                    },
                ],
            },
        ],
        "tabs": [
            {"label": "Lista", "href": "#lista", "here": True},
            {"label": "Tavla", "href": "#tavla"},
            {"label": "Tidslinje", "href": "#tid"},
            {"label": "Karta", "href": "#karta"},
        ],
        "page": Paginator(range(1234), 50).page(2),
        "conflict": [
            "Äldreboende Nybble i bruk senast 2029.",
            "Resultat minst 3 % 2029.",
        ],
        "repairs": [
            {"text": "Sänk resultatmålet 2029 från 3,0 till 2,1 procent.", "href": "#"}
        ],
        "spark": [1.0, 2.0, 1.5, 3.0, 2.5],
        "sortable": TableBlock(
            "Projekt efter utgift",
            "Mkr, 2025 års priser",
            (Column("Projekt", "left"), Column("Utgift", unit="mkr")),
            tuple(
                Row(name, (Filled(number(value, 1), value, "antagande"),))
                for name, value in (
                    ("Skolan", 62.0),
                    ("Ishallen", 16.4),
                    ("Boendet", 280.0),
                    ("Ängen", 9.5),
                )
            ),
        ),
        "hostile": "<script>alert(1)</script>",
    }
    template = engines["django"].from_string(PAGE.read_text("utf-8"))
    return HttpResponse(template.render(context, request))


def trail_page(request: HttpRequest, /, **_kwargs: Any) -> HttpResponse:
    """Return the page of a figure's trail."""
    template = engines["django"].get_template("trail_page.html")
    return HttpResponse(
        template.render(
            {"trail": sample_trail(), "cells_at": "/liten/underlag/"}, request
        )
    )


def broken(_request: HttpRequest, /, **_kwargs: Any) -> HttpResponse:
    """Fail."""
    raise RuntimeError("meant to fail")
