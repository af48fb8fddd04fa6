"""Is everything that the application says also said in English?

The texts are collected anew from the source, so that one that was forgotten is seen at
once. Leaves out whether the English is good.
"""

from __future__ import annotations

import ast
import gettext
import re
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest
from django.utils.translation.template import templatize

from rodtrad import web

WEB = Path(web.__file__).parent
PO = WEB / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")

# The second: what also runs without Django says it through the core.
_TRANSLATIONS = {"django.utils.translation", "rodtrad.domain.words"}
_FULL = {"_": "gettext", "plural": "ngettext"}
_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(
    rf"\b(n?)gettext\(u?({_STRING})(?:, *u?({_STRING}))?|\b_\(({_STRING})\)"
)
_PERCENT_SLOT = re.compile(r"%\((\w+)\)[sd]")
# Between a context and its text, as gettext itself has it in the compiled file.
_CONTEXT_END = "\x04"


class Entry(NamedTuple):
    """A text of the .po: its plural, if any, what it is in English and its flags."""

    plural: str
    english: tuple[str, ...]
    flags: str


def read_po(path: Path) -> dict[str, Entry]:
    """Return the entries of a .po by their Swedish, after its context if it has one."""
    found: dict[str, Entry] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        flags, name = "", ""
        for line in block.splitlines():
            if line.startswith("#"):
                flags += line[2:] if line.startswith("#,") else ""
                continue
            if not line.startswith('"'):
                name, line = line.split(" ", 1)
                assert name not in fields, block
                fields[name] = ""
            fields[name] += ast.literal_eval(line)
        if fields:
            context = fields.get("msgctxt", "")
            key = _in_context(context, fields["msgid"]) if context else fields["msgid"]
            assert key not in found, key
            found[key] = Entry(
                fields.get("msgid_plural", ""),
                tuple(v for k, v in fields.items() if k.startswith("msgstr")),
                flags,
            )
    return found


def _in_context(context: str, text: str) -> str:
    return f"{context}{_CONTEXT_END}{text}"


def in_python(source: str) -> set[tuple[str, str]]:
    """Return the texts (one, many) that a Python file has translated."""
    tree = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _TRANSLATIONS:
            names |= {a.asname or a.name: _FULL.get(a.name, a.name) for a in node.names}
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name = names.get(node.func.id, "")
        assert "npgettext" not in name, "not collected here"
        if "gettext" not in name or not node.args:
            continue
        texts = [
            a.value
            for a in node.args[:2]
            if isinstance(a, ast.Constant) and isinstance(a.value, str)
        ]
        if name.startswith("pgettext"):
            found.add((_in_context(*texts), ""))
        elif texts:
            found.add((texts[0], texts[1] if name.startswith("ngettext") else ""))
    return found


def in_template(source: str) -> set[tuple[str, str]]:
    """Return the texts (one, many) that a template has translated."""
    found = set()
    for match in _CALL.finditer(templatize(source)):
        many, text, plural, short = match.groups()
        found.add(
            (
                ast.literal_eval(text or short),
                ast.literal_eval(plural) if many and plural else "",
            )
        )
    return found


@cache
def collected() -> dict[tuple[str, str], str]:
    """Return every text of the application, and a file that has it."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(WEB.rglob("*")):
        if "vendor" in path.parts or "locale" in path.parts:
            continue
        if path.suffix == ".py":
            texts = in_python(path.read_text(encoding="utf-8"))
        elif path.suffix in {".html", ".txt", ".xml"}:
            texts = in_template(path.read_text(encoding="utf-8"))
        else:
            continue
        found |= {text: str(path.relative_to(WEB)) for text in texts}
    return found


def slots(text: str) -> tuple[list[str], list[str]]:
    """Return the named slots of a text, of both kinds."""
    braces = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    return sorted(set(_PERCENT_SLOT.findall(text))), sorted(set(braces))


@pytest.fixture(scope="module")
def po() -> dict[str, Entry]:
    """Return what django.po says."""
    return read_po(PO)


def test_the_collecting_sees_each_way_of_writing() -> None:
    python = (
        "from django.utils.translation import gettext_lazy as lazy, ngettext, pgettext\n"
        "lazy('ett')\nngettext('två', 'tre', n)\nother('fyra')\nlazy(\n 'fem '\n 'sex')\n"
        "pgettext('dialog', 'sju')"
    )
    assert in_python(python) == {
        ("ett", ""),
        ("två", "tre"),
        ("fem sex", ""),
        ("dialog\x04sju", ""),
    }
    template = (
        "{% translate 'ett' %}{% blocktranslate count n=k %}{{ n }} två"
        "{% plural %}{{ n }} tre{% endblocktranslate %}{{ a|default:_('fyra') }}"
        '{% include "x.html" with b=_("fem") %}<p title="{% translate "sex \'7\'" %}">'
    )
    assert in_template(template) == {
        ("ett", ""),
        ("%(n)s två", "%(n)s tre"),
        ("fyra", ""),
        ("fem", ""),
        ("sex '7'", ""),
    }


def test_every_text_has_english(po: dict[str, Entry]) -> None:
    texts = collected()
    assert len(texts) > 1000
    missing = [
        f"{where}: {one}"
        for (one, many), where in texts.items()
        if one not in po or (many and po[one].plural != many)
    ]
    assert not missing, "run make locale and translate:\n" + "\n".join(missing)
    empty = [m for m, e in po.items() if not all(e.english)]
    assert not empty, "translate in django.po:\n" + "\n".join(empty)


def test_nothing_is_left_behind_or_unsure(po: dict[str, Entry]) -> None:
    known = {one for one, _ in collected()}
    assert not [m for m in po if m and m not in known], "run make locale"
    assert not [m for m, e in po.items() if "fuzzy" in e.flags]
    assert "#~" not in PO.read_text(encoding="utf-8")


def test_english_has_the_slots_of_the_swedish(po: dict[str, Entry]) -> None:
    wrong = []
    for text, entry in po.items():
        if not text:
            continue
        assert len(entry.english) == (2 if entry.plural else 1), text
        pairs = zip((text, entry.plural), entry.english, strict=False)
        wrong += [
            (swedish, english)
            for swedish, english in pairs
            if slots(swedish) != slots(english)
        ]
    assert not wrong


def test_the_compiled_file_is_of_the_text_file(po: dict[str, Entry]) -> None:
    with MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    expected: dict[object, str] = {}
    for text, entry in po.items():
        if entry.plural:
            expected |= {(text, i): e for i, e in enumerate(entry.english)}
        else:
            expected[text] = entry.english[0]
    actual = compiled._catalog  # type: ignore[attr-defined]
    assert actual == expected, "run make locale"
