"""A copy is not put back under those who use the site, and nobody begins meanwhile."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from rodtrad.errors import SourceError
from rodtrad.web import __main__ as commands
from rodtrad.web import backup, in_use

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    """A home of its own."""
    settings.RODTRAD_HOME = tmp_path
    return tmp_path


def test_restore_refuses_while_the_site_is_served(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RODTRAD_HOME", str(home))
    copy = home / "kopia.zip"
    backup.write(copy)
    with in_use.serving(), in_use.serving():
        assert commands.main(["restore", str(copy), "--replace"]) == 2
    told = capsys.readouterr()
    assert "Webbplatsen är igång, så inget är återställt. Stäng den" in told.err
    assert told.out == ""
    (home / "trasig.zip").write_text("ingen kopia")
    assert commands.main(["restore", str(home / "trasig.zip"), "--replace"]) == 2
    assert "igång" not in capsys.readouterr().err


def test_nobody_begins_to_serve_while_a_copy_is_put_back(home: Path) -> None:
    with (
        in_use.alone(),
        pytest.raises(SourceError, match="återställs just nu"),
        in_use.serving(),
    ):
        pass
    with in_use.serving():
        pass


def test_a_web_server_that_is_left_behind_still_holds_the_home(home: Path) -> None:
    with in_use.serving() as handle:
        left = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(handle,)
        )
    try:
        with pytest.raises(SourceError, match="är igång"), in_use.alone():
            pass
    finally:
        left.communicate(b"\n")
    with in_use.alone():
        pass


def test_a_database_server_is_held_from_another_home(
    home: Path, settings: Settings
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the database is a file of the home")
    (home / "annat").mkdir()
    with in_use.serving():
        settings.RODTRAD_HOME = home / "annat"
        with pytest.raises(SourceError, match="är igång"), in_use.alone():
            pass
    with in_use.alone():
        pass
