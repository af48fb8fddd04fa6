"""What is installed: every data file in the wheel, a command that starts, one version."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    copy = tmp_path / "rodtrad"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", copy / "src", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(copy / "src").as_posix()
        for path in (copy / "src").rglob("*")
        if path.is_file()
    }
    assert wanted <= held
    suffixes = {Path(name).suffix for name in wanted}
    assert {".csv", ".toml", ".woff2", ".typ", ".typed"} <= suffixes
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_the_command_and_the_module_are_the_same_program() -> None:
    command = Path(sys.executable).with_name("rodtrad")
    if not command.exists():
        pytest.skip("the package is not installed: make setup")
    for start in ([str(command)], [sys.executable, "-m", "rodtrad"]):
        done = subprocess.run(
            [*start, "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == version("rodtrad")
