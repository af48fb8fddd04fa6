"""What need not be written twice? Markup of finished studies, kept in memory.

A finished study never changes, so what a page says of it is written once a process and
language. The oldest unread goes first when there is no room. Leaves out whatever
depends on who reads.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MOST_CHARACTERS: Final = 16_000_000


class Sized(Protocol):
    """Something that knows how many characters it takes."""

    @property
    def size(self) -> int:
        """About how many characters it takes."""


T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """What has been made, by key, up to so many characters in all."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        """Begin with nothing."""
        self._most, self._held = most, 0
        self._all: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made if it is not there."""
        with self._lock:
            if key in self._all:
                self._all.move_to_end(key)
                return self._all[key]
        made = make()
        with self._lock:
            if key not in self._all and made.size <= self._most:
                self._all[key] = made
                self._held += made.size
                while self._held > self._most:
                    self._held -= self._all.popitem(last=False)[1].size
        return made
