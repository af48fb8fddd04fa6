"""Run the application as its users do: in processes of their own, each home by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_DUMP = """
import json
from rodtrad.web import backup
out = {}
for model in backup._models():
    out[model._meta.label_lower] = [json.loads(line) for line in backup._lines(model)]
print(json.dumps(out))
"""


def environment(home: Path, database: str = "") -> dict[str, str]:
    """Return the environment of a home, with nothing from this run's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RODTRAD_")}
    return {
        **kept,
        "RODTRAD_HOME": str(home),
        "RODTRAD_DATABASE": database,
        "DJANGO_SETTINGS_MODULE": "rodtrad.web.settings",
        "PYTHONWARNINGS": "error::DeprecationWarning:rodtrad",
    }


def run(home: Path, *words: str, database: str = "") -> tuple[int, str, str]:
    """Run `python -m rodtrad.web WORDS`; return exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "rodtrad.web", *words],
        env=environment(home, database),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def script(home: Path, code: str, database: str = "") -> str:
    """Run Python in a home and return what it printed."""
    found, out, err = run(
        home, "manage", "shell", "--no-imports", "-v0", "-c", code, database=database
    )
    assert found == 0, err
    return out


def dump(home: Path, database: str = "") -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table that a backup holds."""
    found: dict[str, list[dict[str, Any]]] = json.loads(script(home, _DUMP, database))
    return found
