"""The municipality's own log-in with SAML, against a provider that the test makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from web.foundation.homes import environment

pytest.importorskip("onelogin")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each who came."""
    home = tmp_path_factory.mktemp("saml")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("saml_provider.py"))],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_signed_answer_lets_one_in_with_the_role_of_the_group(
    found: dict[str, Any],
) -> None:
    assert found["good"] is True
    assert found["role"] == ["ekonom", "eva@liten.example"]
    assert found["metadata"] is True


@pytest.mark.parametrize(
    "case",
    ["again", "unsigned", "other_key", "altered", "for_another", "late", "unasked"],
)
def test_no_other_answer_does(found: dict[str, Any], case: str) -> None:
    assert found[case] is False
