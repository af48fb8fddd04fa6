"""Which texts are the same, and which passages come again? By runs of words.

Eight words in a row make a number; of eight such numbers the smallest is kept, so that
any run of fifteen words or more that two texts share is found however long they are.
Leaves out what to do about it: a person decides.

Source: Schleimer, Wilkerson and Aiken (2003), Winnowing.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

__all__ = ["Passage", "Repeats", "find_repeats"]

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 8
_WINDOW: Final = 8
LEAST_WORDS: Final = 15
"""A passage of so many words is always found."""
SAME_SHARE: Final = 0.8
"""Two texts are the same if so much of the shorter one stands in the other."""
_MOST_PASSAGES: Final = 200
_MANY: Final = 40
_MOST_TEXTS_NAMED: Final = 50


@dataclass(frozen=True)
class Passage:
    """A run of words that stands in several texts; `texts` are their numbers."""

    words: int
    beginning: str
    texts: tuple[int, ...]


@dataclass(frozen=True)
class Repeats:
    """What comes again.

    `same` gives by a text's number an earlier one that it repeats, `passages` the
    longest runs of words that different texts share.
    """

    same: dict[int, int]
    passages: tuple[Passage, ...]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _fingerprints(words: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the kept numbers of a text, and at which word each begins."""
    none = np.empty(0, np.uint64), np.empty(0, np.int32)
    if len(words) < _RUN:
        return none
    each = np.fromiter(
        (zlib.crc32(word.encode()) for word in words), np.uint64, len(words)
    )
    factor = np.uint64(0x9E3779B97F4A7C15)
    runs = np.zeros(len(words) - _RUN + 1, np.uint64)
    with np.errstate(over="ignore"):
        for i in range(_RUN):
            runs = runs * factor + each[i : i + len(runs)]
        runs ^= runs >> np.uint64(29)
        runs *= np.uint64(0xBF58476D1CE4E5B9)
    if len(runs) <= _WINDOW:
        at = np.array([int(runs.argmin())], np.int32)
    else:
        windows = np.lib.stride_tricks.sliding_window_view(runs, _WINDOW)
        starts = np.arange(len(windows), dtype=np.int64)
        at = np.unique(windows.argmin(axis=1) + starts).astype(np.int32)
    return runs[at], at


def find_repeats(count: int, read: Callable[[int], str]) -> Repeats:
    """Return which texts are the same as an earlier one and which passages come again.

    Args:
        count: how many texts there are.
        read: gives a text by its number; it may be asked for more than once, so that
            they need not all be held.
    """
    whole: dict[int, int] = {}
    same: dict[int, int] = {}
    numbers: list[NDArray[np.uint64]] = []
    places: list[NDArray[np.int32]] = []
    for i in range(count):
        words = _words(read(i))
        key = hash(tuple(words))
        if words and key in whole and _words(read(whole[key])) == words:
            same[i] = whole[key]
            words = []
        elif words:
            whole[key] = i
        found, at = _fingerprints(words)
        numbers.append(found)
        places.append(at)
    sizes = [len(np.unique(found)) for found in numbers]
    all_numbers = np.concatenate([np.empty(0, np.uint64), *numbers])
    all_texts = np.repeat(np.arange(count, dtype=np.int32), [len(n) for n in numbers])
    all_places = np.concatenate([np.empty(0, np.int32), *places])
    groups = _groups(all_numbers, all_texts, all_places)
    same |= _nearly_same(groups, sizes)
    return Repeats(dict(sorted(same.items())), _passages(groups, same, read))


_Group = list[tuple[int, int]]


def _groups(
    numbers: NDArray[np.uint64], texts: NDArray[np.int32], places: NDArray[np.int32]
) -> list[_Group]:
    """Return the runs that stand in more than one text: texts and places."""
    order = np.lexsort((places, texts, numbers))
    numbers, texts, places = numbers[order], texts[order], places[order]
    edges = np.flatnonzero(np.diff(numbers)) + 1
    starts = np.concatenate([np.array([0], edges.dtype), edges])
    ends = np.concatenate([edges, np.array([len(numbers)], edges.dtype)])
    found: list[_Group] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start > 1 and texts[start] != texts[end - 1]:
            found.append(
                list(
                    zip(
                        texts[start:end].tolist(),
                        places[start:end].tolist(),
                        strict=True,
                    )
                )
            )
    return found


def _nearly_same(groups: Iterable[_Group], sizes: list[int]) -> dict[int, int]:
    shared: Counter[tuple[int, int]] = Counter()
    for group in groups:
        inside = sorted({text for text, _place in group})[:_MANY]
        for k, later in enumerate(inside):
            shared.update((earlier, later) for earlier in inside[:k])
    found: dict[int, int] = {}
    for (earlier, later), n in sorted(shared.items()):
        least = min(sizes[earlier], sizes[later])
        if least >= 3 and n >= SAME_SHARE * least:
            found.setdefault(later, earlier)
    return found


def _passages(
    groups: list[_Group], same: dict[int, int], read: Callable[[int], str]
) -> tuple[Passage, ...]:
    """Return the longest runs, each once; texts that are the same are passed over."""
    by_texts: dict[tuple[int, ...], list[_Group]] = defaultdict(list)
    for group in groups:
        texts = tuple(sorted({text for text, _place in group if text not in same}))
        if len(texts) > 1:
            by_texts[texts].append(group)
    found: dict[tuple[str, ...], Passage] = {}
    # those that stand in most texts, and most often, first
    ranked = sorted(
        by_texts.items(), key=lambda one: (-len(one[1]) * len(one[0]), one[0])
    )
    for texts, members in ranked[:_MOST_PASSAGES]:
        first, second = _words(read(texts[0])), _words(read(texts[1]))
        taken: list[tuple[int, int]] = []
        for group in members:
            at = dict(reversed(group))
            a, b = at[texts[0]], at[texts[1]]
            if any(start <= a < end for start, end in taken):
                continue
            start, end = _widest(first, second, a, b)
            taken.append((start, end))
            run = tuple(first[start:end])
            if len(run) >= LEAST_WORDS and run not in found:
                beginning = _as_written(read(texts[0]), start, end)
                found[run] = Passage(len(run), beginning, texts[:_MOST_TEXTS_NAMED])
    best = sorted(found.values(), key=lambda one: (-one.words, one.texts))
    return tuple(best[:_MOST_PASSAGES])


def _widest(first: list[str], second: list[str], a: int, b: int) -> tuple[int, int]:
    """Return where the run that both share at these words begins and ends."""
    start, other = a, b
    while start and other and first[start - 1] == second[other - 1]:
        start, other = start - 1, other - 1
    end, other = a, b
    while end < len(first) and other < len(second) and first[end] == second[other]:
        end, other = end + 1, other + 1
    return start, end


def _as_written(text: str, start: int, end: int) -> str:
    """Return the first words of a run as they stand in the text."""
    spans = [match.span() for match in _WORD.finditer(text)]
    if end > len(spans):  # case folding may change where a word ends
        end = len(spans)
    if start >= end:
        return ""
    last = min(end, start + 30)
    shown = text[spans[start][0] : spans[last - 1][1]]
    return " ".join(shown.split()) + ("" if last == end else " …")
