"""Writes the generated pages of docs/reference: `make docs`.

A test compares the committed pages with what this makes, so that no command, option,
table or column goes undocumented.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"


def help_text(*command: str) -> str:
    """Return what `rodtrad COMMAND --help` prints on a terminal of 80 columns."""
    from rodtrad.cli import run_command

    os.environ["COLUMNS"] = "80"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run_command([*command, "--help"])
    return out.getvalue().rstrip()


def command_names() -> list[str]:
    """Return the commands in the order in which the help lists them."""
    from rodtrad.cli import app

    return [str(command.name) for command in app.registered_commands]


def commands_page() -> str:
    """Return the page on every command and option."""
    parts = [
        "# Kommandon",
        "",
        "Sidan är gjord ur programmet med `make docs`. Kommandona finns i `.venv/bin/rodtrad`.",
        "",
        "| Slutkod | Betyder |",
        "|---|---|",
        "| 0 | klart |",
        "| 1 | `verify` fann något som skiljer sig |",
        "| 2 | underlaget, målen eller raden behöver ändras; svaret säger vad |",
        "| 3 | ett fel i programmet; svaret ger en kod |",
        "| 130 | avbrutet; inget är skrivet |",
        "",
        "Med `--json` skrivs bara maskinläsbar JSON på standard ut. Framsteg skrivs på",
        'standard fel. Fel har då formen `{"error": {"kind": ..., "message": ...}}`, där',
        "`kind` är `input`, `no_plan`, `solver`, `source`, `usage` eller `internal`.",
        "",
        "```",
        help_text(),
        "```",
    ]
    for name in command_names():
        parts += ["", f"## rodtrad {name}", "", "```", help_text(name), "```"]
    return "\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    from rodtrad.sources.reference import render_reference

    return {"commands.md": commands_page(), "underlag.md": render_reference()}


def main() -> int:
    """Write the pages; nothing is printed unless a page changed."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = REFERENCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(Path.cwd())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
