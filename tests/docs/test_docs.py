"""The documents say what the program does: no command, column, code or link is wrong."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from rodtrad import cli
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.messages import MESSAGES

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in PAGES}


def _build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    """After a change of a command, column or message: `make docs`."""
    for name, text in _build().pages().items():
        committed = TEXT[f"docs/reference/{name}"]
        assert committed == text, f"docs/reference/{name} is old: run make docs"


def test_every_command_and_option_is_on_its_page() -> None:
    page = TEXT["docs/reference/commands.md"]
    commands: dict[str, Any] = get_command(cli.app).commands  # type: ignore[attr-defined]
    assert len(commands) >= 7
    for name, command in commands.items():
        section = page.split(f"## rodtrad {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            shown = parameter.opts[0] if parameter.opts[0].startswith("-") else ""
            assert shown in section, f"{name} {shown}"


def test_every_table_column_and_code_is_on_its_page() -> None:
    page = TEXT["docs/reference/underlag.md"]
    for spec in SCHEMA.values():
        section = page.split(f'<a id="{spec.name}"></a>')[1].split("<a id=")[0]
        for column in spec.columns:
            assert f"`{column}`" in section, f"{spec.name}.{column}"
    for code in MESSAGES:
        assert f"| `{code.split('.')[0]}` |" in page


def _commands_shown() -> list[tuple[str, str]]:
    lines = []
    for name, text in TEXT.items():
        if name == "docs/reference/commands.md":
            continue
        for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                if re.match(r"(\S*/)?rodtrad \w", line):
                    lines.append((name, line.split("#")[0].strip()))
    return lines


@pytest.mark.parametrize(("page", "line"), _commands_shown())
def test_every_command_shown_parses(page: str, line: str) -> None:
    """As typed: the command exists and takes these options and arguments."""
    words = shlex.split(line)[1:]
    group: Any = get_command(cli.app)
    command = group.commands[words[0]]
    command.make_context(words[0], words[1:])


def test_commands_are_shown() -> None:
    assert len(_commands_shown()) >= 8


@pytest.mark.parametrize("page", sorted(TEXT))
def test_every_link_in_the_documents_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT[page]):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        assert (folder / target.split("#")[0]).exists(), f"{page}: {target}"


def test_every_make_target_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    wanted = {"setup", "demo", "test", "check", "test-long", "golden", "e2e"}
    assert wanted | {"bench", "docs", "lock"} <= targets
    for text in TEXT.values():
        for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, re.MULTILINE):
            assert target in targets, target


def test_the_lock_names_no_registry_and_no_machine() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert not re.search(
        r"^ *-|file:|@ /", lock.replace("    --hash=", ""), re.MULTILINE
    )
    pinned = re.findall(r"^[a-z0-9-]+==\S+.*\\$", lock, re.MULTILINE)
    assert len(pinned) > 30
    assert lock.count("--hash=sha256:") >= len(pinned)
