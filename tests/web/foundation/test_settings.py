"""The settings are safe where they must be, and the database fits the models."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from web.foundation.homes import environment, run

from rodtrad.web import settings as settings_module

_MANAGE = [sys.executable, "-m", "rodtrad.web", "manage"]
DOCS = Path(__file__).parents[3] / "docs/running.md"


def test_every_setting_is_documented() -> None:
    """And no setting is that does not exist."""
    names: set[str] = set()
    for file in ("settings.py", "serving.py", "__main__.py"):
        source = (Path(settings_module.__file__).parent / file).read_text("utf-8")
        names |= set(re.findall(r'_(?:text|flag|list)\("([A-Z_]+)"', source))
        names |= set(re.findall(r'"RODTRAD_([A-Z_]+)"', source))
    told = set(re.findall(r"`RODTRAD_([A-Z_]+)`", DOCS.read_text("utf-8")))
    assert told == names


@pytest.mark.home
def test_deployment_check_is_clean(tmp_path: Path) -> None:
    assert run(tmp_path, "manage", "check")[0] == 0
    done = subprocess.run(
        [*_MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
        env={
            **environment(tmp_path),
            "RODTRAD_HTTPS": "1",
            "RODTRAD_HOSTS": "plan.kommun.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.home
def test_https_makes_cookies_secure(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT,"
        " s.DEBUG, s.SECRET_KEY == open(s.SECRET_FILE).read())"
    )
    for https, wanted in (
        ("1", "True True True False True"),
        ("", "False False False False True"),
    ):
        done = subprocess.run(
            [*_MANAGE, "shell", "--no-imports", "-v0", "-c", code],
            env={**environment(tmp_path), "RODTRAD_HTTPS": https},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == wanted
