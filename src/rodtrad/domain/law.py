"""Which statutory value applies in a given year, and has the text in force been read?

Values, references and their verification status lie in `law/*.toml`; the arithmetic is
in `capacity/legal_tests.py`. A legal number or paragraph stands nowhere else. Policy
that the council sets (a result target, a debt ceiling) is data in `goals`, never here.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LawContent = float | int | str | tuple[str, ...]


@dataclass(frozen=True)
class LawValue:
    """One statutory value and the accounting years it applies to.

    `valid_to` None = still in force. `verified` is true only where the enacted text for
    those years was read; `note` (Swedish) says what was read instead. `source` is the
    page that was read.
    """

    key: str
    label: str
    value: LawContent
    valid_from: int
    valid_to: int | None
    reference: str
    source: str
    verified: bool
    note: str

    def applies(self, year: int) -> bool:
        """Return whether the value is in force in the accounting year."""
        return self.valid_from <= year and (
            self.valid_to is None or year <= self.valid_to
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the value as plan.json shows it."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {
            "key": self.key,
            "label": _(self.label),
            "value": value,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "reference": self.reference,
            "source": self.source,
            "verified": self.verified,
            "note": self.note,
        }


@cache
def _values() -> tuple[LawValue, ...]:
    found: list[LawValue] = []
    for path in sorted(Path(__file__).with_name("law").glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["value"]:
            value = row["value"]
            found.append(
                LawValue(
                    key=row["key"],
                    label=row["label"],
                    value=tuple(value) if isinstance(value, list) else value,
                    valid_from=row["valid_from"],
                    valid_to=row.get("valid_to"),
                    reference=row["reference"],
                    source=row["source"],
                    verified=row["verified"],
                    note=row["note"],
                )
            )
    return tuple(sorted(found, key=lambda v: (v.key, v.valid_from)))


def keys() -> tuple[str, ...]:
    """Return every key that some year has a value for."""
    return tuple(dict.fromkeys(v.key for v in _values()))


def find(key: str, year: int) -> LawValue | None:
    """Return the value in force, or None where the law has no such rule that year.

    Raises:
        ValueError: no year at all has a value for the key.

    Source:
        `domain/law/*.toml`, key by key.
    """
    same = [v for v in _values() if v.key == key]
    if not same:
        message = f"no statutory value is called {key!r}"
        raise ValueError(message)
    return next((v for v in same if v.applies(year)), None)


def at(key: str, year: int) -> LawValue:
    """Return the value in force in an accounting year.

    Raises:
        ValueError: unknown key, or no value that year.

    Source:
        `domain/law/*.toml`, key by key.

    Example:
        >>> at("aterstallningstid_ar", 2027).value
        3
    """
    found = find(key, year)
    if found is None:
        message = f"{key!r} has no value for {year}"
        raise ValueError(message)
    return found


def number_at(key: str, year: int) -> float | None:
    """Return a numeric value in force, or None where the law has no such rule then."""
    found = find(key, year)
    if found is None:
        return None
    if isinstance(found.value, (str, tuple)):
        message = f"{key!r} is not a number"
        raise ValueError(message)
    return float(found.value)


def used(years: Iterable[int]) -> list[dict[str, Any]]:
    """Return every value in force in any of the years, ordered by key and date."""
    wanted = sorted(set(years))
    return [v.as_dict() for v in _values() if any(v.applies(y) for y in wanted)]


def unverified(values: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of `used` whose text in force has not been read."""
    return [v for v in values if not v["verified"]]


def mandate_period(year: int) -> tuple[int, int]:
    """Return the first and last budget year of the council's mandate period.

    A council decides the budgets of the year after its election and the years that
    follow until the next council does.

    Raises:
        ValueError: a year before the four-year periods.

    Source:
        `domain/law/kommunallagen.toml`, key `mandatperiod_ar`.

    Example:
        >>> mandate_period(2026), mandate_period(2027)
        ((2023, 2026), (2027, 2030))
    """
    rule = at("mandatperiod_ar", year)
    length = int(number_at("mandatperiod_ar", year) or 0)
    first = year - (year - rule.valid_from) % length
    return first, first + length - 1
