"""Which messages has the program, and which of them lack an English translation?

    python -m rodtrad.sources.catalogue                    rewrite the catalogue, say what is missing
    python -m rodtrad.sources.catalogue --missing FILE.po  also write what is missing, to fill in
    python -m rodtrad.sources.catalogue --merge FILE.po    take in translations from a file

The messages are what stands in `_()`, `later()`, `plural()` and `meaning()` in the
source and the texts of `domain/schema/*.csv`. The catalogue is `locale/en/LC_MESSAGES/
rodtrad.po`; the `.mo` beside it is written here, so that neither a user nor a developer
needs gettext's own programs, and is kept with the source, so that nothing is compiled
when the package is installed. Leaves out the web's templates, which have a catalogue of
their own.
"""

from __future__ import annotations

import argparse
import ast
import re
import struct
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rodtrad.domain.columns import CHOICE, COLUMN, SCHEMA, SETTINGS, TABLE, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE: Final = Path(__file__).parent.parent
CATALOGUE: Final = PACKAGE / "locale" / "en" / "LC_MESSAGES" / "rodtrad.po"
# The web has its own catalogue, which Django reads.
_OUTSIDE: Final = ("web",)
_HEADER: Final = (
    "Project-Id-Version: rodtrad\n"
    "Language: en\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)


class Key(NamedTuple):
    """A message: where it belongs if that matters, and its words for one and many."""

    context: str
    one: str
    many: str = ""


@dataclass
class Entry:
    """A translation as it stands in a catalogue; empty where there is none."""

    forms: list[str] = field(default_factory=list)
    fuzzy: bool = False

    def is_done(self, key: Key) -> bool:
        """Return True if every form is there."""
        return len(self.forms) == (2 if key.many else 1) and all(self.forms)


# ---------------------------------------------------------------- the source


def messages(package: Path = PACKAGE) -> dict[Key, list[str]]:
    """Return every message with its places (`publish/chapters.py:120`), in their order.

    Raises:
        ValueError: a call of `_` and its kin holds something else than a text.
    """
    found: dict[Key, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name.split("/")[0] in _OUTSIDE:
            continue
        for key, line in _in_source(path.read_text(encoding="utf-8"), name):
            found.setdefault(key, []).append(f"{name}:{line}")
    for key, place in (*_in_schema(), *_in_data()):
        found.setdefault(key, []).append(place)
    return found


def _in_source(text: str, name: str) -> Iterator[tuple[Key, int]]:
    # The functions' own file hands on what it is given.
    own = name in ("domain/words.py", "domain/columns.py")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        called = node.func.id
        count = {"_": 1, "later": 1, "plural": 2, "meaning": 2}.get(called)
        if count is None:
            continue
        given = [a.value for a in node.args[:count] if isinstance(a, ast.Constant)]
        if len(given) < count or not all(isinstance(g, str) for g in given):
            # `_(label)` shows a message that `later` has marked where it stands.
            if called in ("_", "meaning") or own:
                continue
            msg = f"{name}:{node.lineno}: {called}() needs its texts as they are"
            raise ValueError(msg)
        texts = [str(g) for g in given]
        if called == "plural":
            yield Key("", texts[0], texts[1]), node.lineno
        elif called == "meaning":
            yield Key(texts[0], texts[1]), node.lineno
        elif texts[0]:
            yield Key("", texts[0]), node.lineno


def _in_data() -> Iterator[tuple[Key, str]]:
    """Yield the labels that stand in files of values: laws, and kinds of parts."""
    # Those of the economy's parameters are choices of the schema.
    chosen = {key.one for key, _place in _in_schema() if key.context == CHOICE}
    for path in sorted((PACKAGE / "domain").rglob("*.toml")):
        place = path.relative_to(PACKAGE).as_posix()
        for rows in tomllib.loads(path.read_text(encoding="utf-8")).values():
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and row.get("label", "") not in {"", *chosen}:
                    yield Key("", str(row["label"])), place


def _in_schema() -> Iterator[tuple[Key, str]]:
    columns = [(f"settings.{c.name}", c) for c in SETTINGS.values()]
    for spec in SCHEMA.values():
        yield Key(TABLE, spec.label_sv), f"schema/{spec.name}"
        yield Key("", spec.description), f"schema/{spec.name}"
        columns += [(f"{spec.name}.{c.name}", c) for c in spec.columns.values()]
    for name, column in columns:
        place = f"schema/{name}"
        yield Key(COLUMN, column.label_sv), place
        if column.description:
            yield Key("", column.description), place
        if column.heading_sv != column.label_sv:
            yield Key(UNIT, column.unit), place
        for label in column.choices.values():
            yield Key(CHOICE, label), place


# ---------------------------------------------------------------- the catalogue file

_LINE: Final = re.compile(r'^(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)?\s*"(.*)"$')
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def read_po(text: str) -> dict[Key, Entry]:
    """Return the entries of a catalogue, without its heading.

    Raises:
        ValueError: a line is not one of a catalogue's.
    """
    entries: dict[Key, Entry] = {}
    for block in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        fuzzy, last = False, ""
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            match = _LINE.match(line.strip())
            if match is None or not (match.group(1) or last):
                msg = f"not a line of a catalogue: {line!r}"
                raise ValueError(msg)
            last = match.group(1) or last
            said = re.sub(r"\\(.)", lambda m: _ESCAPES[m.group(1)], match.group(2))
            parts[last] = parts.get(last, "") + said
        if parts.get("msgid"):
            key = Key(
                parts.get("msgctxt", ""), parts["msgid"], parts.get("msgid_plural", "")
            )
            forms = [parts[name] for name in sorted(parts) if "msgstr" in name]
            entries[key] = Entry(forms, fuzzy)
    return entries


def _quoted(text: str) -> str:
    for sign, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(sign, escape)
    return f'"{text}"'


def write_po(entries: Mapping[Key, Entry], places: Mapping[Key, list[str]]) -> str:
    """Return the text of a catalogue; each entry says where it is used.

    Lines of the source are left out: they would move with every change.
    """
    heading = "".join(
        f"{_quoted(line)}\n" for line in _HEADER.splitlines(keepends=True)
    )
    blocks = ['msgid ""\nmsgstr ""\n' + heading]
    for key, entry in entries.items():
        used = dict.fromkeys(p.split(":")[0] for p in places.get(key, ()))
        lines = [f"#: {' '.join(used)}"] if used else []
        if entry.fuzzy:
            lines.append("#, fuzzy")
        if key.context:
            lines.append(f"msgctxt {_quoted(key.context)}")
        lines.append(f"msgid {_quoted(key.one)}")
        forms = entry.forms or [""] * (2 if key.many else 1)
        if key.many:
            lines.append(f"msgid_plural {_quoted(key.many)}")
            lines += [f"msgstr[{n}] {_quoted(f)}" for n, f in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted(forms[0])}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def compiled(entries: Mapping[Key, Entry]) -> bytes:
    """Return the catalogue in the form that gettext reads (`.mo`)."""
    pairs = [(b"", _HEADER.encode())]
    for key, entry in entries.items():
        if not entry.is_done(key) or entry.fuzzy:
            continue
        name = f"{key.context}\x04{key.one}" if key.context else key.one
        if key.many:
            name += f"\0{key.many}"
        pairs.append((name.encode(), "\0".join(entry.forms).encode()))
    pairs.sort()
    count = len(pairs)
    start = 28 + 16 * count
    tables: list[tuple[int, int]] = []
    data = bytearray()
    for column in (0, 1):
        for pair in pairs:
            tables.append((len(pair[column]), start + len(data)))
            data += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start)
    return head + b"".join(struct.pack("<2I", *one) for one in tables) + bytes(data)


# ---------------------------------------------------------------- faults


def slots(text: str) -> set[str]:
    """Return the names in braces that the program fills in."""
    return set(re.findall(r"\{(\w*)[^{}]*\}", text.replace("{{", "").replace("}}", "")))


def faults(entries: Mapping[Key, Entry], used: Iterable[Key]) -> list[str]:
    """Return what is wrong with a catalogue, one line each; empty if nothing is."""
    wanted = set(used)
    told = [f"orphaned: {key.one}" for key in entries if key not in wanted]
    for key in wanted:
        entry = entries.get(key, Entry())
        if not entry.is_done(key):
            told.append(f"untranslated: {key.one}")
            continue
        if entry.fuzzy:
            told.append(f"fuzzy: {key.one}")
        known = slots(key.one) | slots(key.many)
        for text in entry.forms:
            # A form for one may say "one" where the other has the figure.
            lost = known - slots(text) - ({"n"} if key.many else set())
            if lost or slots(text) - known:
                told.append(f"other slots: {key.one} / {text}")
            if key.one[:1].isspace() != text[:1].isspace() or (
                key.one[-1:].isspace() != text[-1:].isspace()
            ):
                told.append(f"other blanks at the ends: {key.one!r}")
    return sorted(told)


# ---------------------------------------------------------------- the command


def main(arguments: list[str] | None = None) -> int:
    """Rewrite the catalogue from the source; return 1 if something is untranslated."""
    parser = argparse.ArgumentParser(description="The English catalogue of rodtrad.")
    parser.add_argument("--merge", action="append", default=[], metavar="FILE")
    parser.add_argument("--missing", metavar="FILE")
    asked = parser.parse_args(arguments)
    places = messages()
    known = read_po(CATALOGUE.read_text(encoding="utf-8")) if CATALOGUE.exists() else {}
    for name in asked.merge:
        taken = read_po(Path(name).read_text(encoding="utf-8"))
        known.update({key: e for key, e in taken.items() if e.is_done(key)})
    entries = {key: known.get(key, Entry()) for key in places}
    dropped = [key for key in known if key not in places]
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(write_po(entries, places), encoding="utf-8")
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(entries))
    missing = {key: e for key, e in entries.items() if not e.is_done(key)}
    if asked.missing:
        text = write_po(missing, places)
        Path(asked.missing).write_text(text, encoding="utf-8")
    say = sys.stdout.write
    for key in missing:
        say(f"{places[key][0]}: {key.one}\n")
    say(
        f"{len(entries)} messages, {len(missing)} untranslated, {len(dropped)} dropped"
        f" that the source no longer has\n"
    )
    wrong = [f for f in faults(entries, places) if not f.startswith("untranslated")]
    say("".join(f"{line}\n" for line in wrong))
    return 1 if missing or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
