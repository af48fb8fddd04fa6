"""Which texts of the application need English; what `make locale` runs.

Django's own command with the project's choices made: the sources of rodtrad.web, no
guessing (a changed text stands empty until somebody has translated it), no dates and
no line numbers, so that a file changes only when a text does. What is found is also
compiled, for the application reads the compiled file. Needs GNU gettext.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import makemessages

WEB = Path(__file__).resolve().parents[2]
# What gettext notes about its own run; it would make every run a change.
_RUN = ('"POT-Creation-Date:', '"Report-Msgid-Bugs-To:')


class Command(makemessages.Command):
    """Writes the texts into locale/en/LC_MESSAGES/django.po and compiles django.mo."""

    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=lazy",
        "--keyword=plural:1,2",
    ]
    msgmerge_options = [
        *makemessages.Command.msgmerge_options,
        "--no-fuzzy-matching",
        "--sort-output",
    ]

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect and compile; nothing needs to be said on the command line."""
        options["locale"] = options["locale"] or ["en"]
        options["extensions"] = options["extensions"] or ["html", "txt", "xml", "py"]
        options["ignore_patterns"] = [*options["ignore_patterns"], "vendor"]
        options["no_location"] = True
        options["no_obsolete"] = True
        # Django collects from the folder it is run in.
        os.chdir(WEB)
        super().handle(*args, **options)
        for language in options["locale"]:
            self.compile(WEB / "locale" / language / "LC_MESSAGES" / "django.po")

    def compile(self, po: Path) -> None:
        """Take the notes of the run out of a .po, and write the .mo beside it."""
        lines = po.read_text(encoding="utf-8").splitlines(keepends=True)
        po.write_text(
            "".join(line for line in lines if not line.startswith(_RUN)),
            encoding="utf-8",
        )
        command = ["msgfmt", "--check-format", "--statistics", "-o"]
        done = subprocess.run(  # noqa: S603
            [*command, po.with_suffix(".mo"), po],
            capture_output=True,
            text=True,
            check=False,
        )
        self.stdout.write(done.stderr.strip())
        if done.returncode:
            raise CommandError(f"{po.name} kunde inte kompileras.")
