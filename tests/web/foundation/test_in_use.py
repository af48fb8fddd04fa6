"""A copy is not put back under those who use the site, and nobody begins meanwhile."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from rodtrad.errors import SourceError
from rodtrad.web import __main__ as commands
from rodtrad.web import backup, batch, in_use
from rodtrad.web.models import Version

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from rodtrad.web.models import Underlag


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


def test_the_plans_of_all_are_not_computed_into_a_copy_that_is_put_back(
    home: Path,
    tiny_underlag: Underlag,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RODTRAD_HOME", str(home))
    every = ["batch", "--all", "--out", str(home / "ut")]
    with in_use.alone():
        assert commands.main(every) == 2
    assert "återställs just nu" in capsys.readouterr().err
    assert not Version.objects.exists()

    def refused(*_arguments: Any, **_more: Any) -> int:
        with pytest.raises(SourceError, match="är igång"), in_use.alone():
            pass
        return 0

    monkeypatch.setattr(batch, "run", refused)
    assert commands.main(every) == 0
    assert Version.objects.get().municipality == tiny_underlag.municipality
    # a folder of underlag has nothing to do with the home
    monkeypatch.setattr(batch, "items_of", lambda _folder: [])
    monkeypatch.setattr(batch, "run", lambda *_arguments, **_more: 0)
    with in_use.alone():
        assert commands.main(["batch", str(home), "--out", str(home / "ut")]) == 0


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
