"""Has a part of a result the keys and the kinds of value that it should have?

Asked before anything is computed from it, so that what follows can rely on it. No key
may be missing, and none added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import _
from rodtrad.verify.compare import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Maybe:
    """A shape, or nothing."""

    shape: Any


@dataclass(frozen=True)
class ByKind:
    """An object whose `kind` tells its other keys."""

    kinds: Mapping[str, Mapping[str, Any]]


def text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def figure(value: Any) -> bool:
    """Whether a value is a finite number."""
    return whole(value) or (isinstance(value, float) and math.isfinite(value))


def anything(_value: Any) -> bool:
    """Accept any value: what it must be is computed."""
    return True


def choice(value: Any) -> bool:
    """Whether a value is a project, an alternative and a start year."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and text(value[0])
        and text(value[1])
        and whole(value[2])
    )


def misshapen(path: str, value: Any, shape: Any) -> Iterator[Difference]:
    """Yield what is not of a shape.

    A shape is a test of one value, a list of one shape, an object of shapes by key
    (a key that ends with `?` may be left out), a `Maybe` or a `ByKind`.
    """
    if isinstance(shape, Maybe):
        if value is not None:
            yield from misshapen(path, value, shape.shape)
    elif isinstance(shape, ByKind):
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in shape.kinds:
            yield _wrong(f"{path}.kind", kind)
        else:
            yield from misshapen(path, value, {"kind": text, **shape.kinds[kind]})
    elif isinstance(shape, dict):
        yield from _object(path, value, shape)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield _wrong(path, value)
            return
        for i, one in enumerate(value):
            yield from misshapen(f"{path}[{i}]", one, shape[0])
    else:
        test: Callable[[Any], bool] = shape
        if not test(value):
            yield _wrong(path, value)


def _object(path: str, value: Any, shape: Mapping[str, Any]) -> Iterator[Difference]:
    if not isinstance(value, dict):
        yield _wrong(path, value)
        return
    shapes = {key.rstrip("?"): one for key, one in shape.items()}
    for key in shape:
        if key not in value and not key.endswith("?"):
            yield Difference(f"{path}.{key}", None, None, _("Uppgiften saknas."))
    for key, one in value.items():
        if key in shapes:
            yield from misshapen(f"{path}.{key}", one, shapes[key])
        else:
            yield Difference(f"{path}.{key}", one, None, _("Uppgiften är okänd."))


def _wrong(path: str, value: Any) -> Difference:
    return Difference(path, value, None, _("Uppgiften är av fel slag."))


CHANGES = {"take_out": [text], "put_in": [choice]}
# Who leaves, enters, moves and switches alternative in another plan.
DIFFERS = {
    "leaves": [text],
    "enters": [text],
    "moves": [{"project_id": text, "from": whole, "to": whole}],
    "switches": [{"project_id": text, "from": text, "to": text}],
}
