"""What does docs/reference/underlag.md say? The schema and the messages, as a page.

Made from the declaration alone: `python -m rodtrad.sources.reference` writes the page,
and a test fails when the page in the repository is another.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rodtrad.domain.cells import shown
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column
from rodtrad.domain.messages import MESSAGES
from rodtrad.sources.template import KINDS, default_text

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path("docs/reference/underlag.md")

_INTRODUCTION = """\
<!-- Skapad av `python -m rodtrad.sources.reference`. Ändra schemat, inte sidan. -->
# Underlaget: blad, kolumner och meddelanden

Underlaget är en arbetsbok med ett blad per tabell, eller en mapp med en CSV-fil per
tabell. Båda läses till samma tabeller. `rodtrad new FIL.xlsx` ger en mall att fylla i
och `rodtrad check` visar alla fel på en gång.

- I arbetsboken står de svenska namnen, i CSV-filerna namnen i `kod`. Båda går att läsa.
- Belopp är i tkr. Andelar skrivs 0,02 eller 2 %. År skrivs med fyra siffror.
- CSV-filerna är i UTF-8 med komma mellan cellerna och punkt i tal. Semikolon, tabb,
  decimalkomma, Windows-1252 och Mac Roman går också att läsa.
- Text som ett kalkylprogram skulle köra som formel får en apostrof först i våra
  CSV-filer. Den tas bort igen när filen läses.
"""

_SEVERITIES = {"F": "fel", "V": "varning", "U": "upplysning"}


def render_reference() -> str:
    """Return the reference page of the underlag as Markdown."""
    lines = [_INTRODUCTION, "## Bladen", ""]
    lines += _table(
        ("Blad", "kod", "Behövs", "Nyckel", "Innehåll"),
        (
            (
                f"[{spec.label_sv}](#{spec.name})",
                f"`{spec.name}`",
                "frivilligt" if spec.optional else "ja",
                ", ".join(f"`{name}`" for name in spec.key),
                spec.description,
            )
            for spec in SCHEMA.values()
        ),
    )
    for spec in SCHEMA.values():
        lines += [f'<a id="{spec.name}"></a>', f"## {spec.label_sv}", ""]
        lines += [spec.description, ""]
        lines += _column_table(spec.columns.values())
        if spec.name == "settings":
            lines += ["### Inställningarna", ""]
            lines += _column_table(SETTINGS.values())
    lines += ["## Meddelanden", ""]
    lines += [
        "Fel måste rättas innan planen räknas. Varningar och upplysningar visas, men "
        "hindrar inte.",
        "",
    ]
    lines += _table(
        ("Kod", "Slag", "Meddelande", "Åtgärd"),
        (
            (f"`{key.split('.')[0]}`", _SEVERITIES[kind], text, remedy)
            for key, (kind, text, remedy) in MESSAGES.items()
        ),
    )
    return "\n".join(lines).rstrip() + "\n"


def _column_table(columns: Iterable[Column]) -> list[str]:
    return _table(
        ("Rubrik", "kod", "Innehåll", "Krav", "Förklaring"),
        (
            (
                column.heading_sv,
                f"`{column.name}`",
                _content(column),
                _demands(column),
                column.description,
            )
            for column in columns
        ),
    )


def _content(column: Column) -> str:
    if column.name == "key":
        return "se Inställningarna nedan"
    if column.choices:
        listed = (f"`{code}` {label}" for code, label in column.choices.items())
        own = ["eller ett eget ord"] if column.type == "word" else []
        return "; ".join([*listed, *own])
    if column.ref:
        return f"id på bladet {SCHEMA[column.ref].label_sv}"
    return KINDS[column.type]


def _demands(column: Column) -> str:
    parts = []
    if column.required:
        planned = column.required == "planår"
        parts.append("krävs för planår" if planned else "krävs")
    if column.minimum is not None and column.maximum is not None:
        parts.append(f"{shown(column.minimum)} till {shown(column.maximum)}")
    elif column.minimum == 0:
        parts.append("aldrig negativt")
    default = default_text(column)
    if default:
        parts.append(f"tomt: {default}")
    return ", ".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    head = list(head)
    return [line(head), line("---" for _cell in head), *map(line, rows), ""]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_reference(), encoding="utf-8")
