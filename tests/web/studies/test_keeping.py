"""What is written of a finished study is written once, within bounds, a language each."""

from __future__ import annotations

import gc
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from rodtrad.publish import chapters
from rodtrad.web.keeping import Kept
from rodtrad.web.models import Study
from rodtrad.web.views import study_base, study_show

if TYPE_CHECKING:
    import pytest
    from web.conftest import ClientFor


@dataclass(frozen=True)
class Text:
    """Some characters."""

    size: int


def test_the_one_that_was_not_read_for_longest_goes_first() -> None:
    made: list[str] = []
    kept: Kept[Text] = Kept(most=10)

    def ask(key: str, size: int = 4) -> None:
        def make() -> Text:
            made.append(key)
            return Text(size)

        assert kept.get(key, make).size == size

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    # b had to go for c, though a is older
    assert made == ["a", "b", "c", "b"]
    # what has no room is made each time and drives nothing out
    ask("large", 11)
    ask("large", 11)
    ask("b")
    assert made == ["a", "b", "c", "b", "large", "large"]


def test_a_page_is_written_once_and_anew_for_another_plan_or_language(
    client_for: ClientFor, done: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    section = chapters.room_section

    def counted(plan: dict[str, Any]) -> Any:
        calls.append(plan)
        return section(plan)

    monkeypatch.setattr(chapters, "room_section", counted)
    client, other = client_for("ekonom"), client_for("lasare")
    first = client.get("/liten/utrymme/").content.decode()
    assert client.get("/liten/utrymme/").content.decode().count("<svg") == first.count(
        "<svg"
    )
    assert other.get("/liten/utrymme/").status_code == 200
    assert len(calls) == 1
    client.cookies["sprak"] = "en"
    client.get("/liten/utrymme/")
    assert len(calls) == 2
    Study.objects.filter(pk=done.pk).update(finished_at=timezone.now())
    other.get("/liten/utrymme/")
    assert len(calls) == 3


_SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


def weight(root: Any) -> int:
    """Return how many bytes something keeps alive, code and what is shared apart.

    What a closure holds counts: it is why the function weighs anything.
    """
    seen: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType)):
            continue
        if isinstance(one, _SHARED):
            waiting += [
                cell.cell_contents for cell in getattr(one, "__closure__", None) or ()
            ]
            continue
        seen[id(one)] = one
        waiting += gc.get_referents(one)
    return sum(sys.getsizeof(one) for one in seen.values())


PAGES = (
    *("behov/", "utrymme/", "utrymme/rakenskaper/", "utrymme/balanskrav/"),
    *("utrymme/mal/", "utrymme/skuld/", "skal/", "reserv/", "studier/nara/"),
    *("studier/vilar-pa/", "jamfor/?plan=1&plan=2", "studier/1/"),
    *(f"studier/1/visa/?bild={n}" for n in (1, 2, 9)),
)


def test_what_is_kept_weighs_what_it_says(
    client_for: ClientFor,
    done: Study,
    make_study: Any,
    other_result: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound counts characters, so nothing may hang on to a whole plan besides."""
    make_study(done.version, other_result, name="Annan")
    bodies: Kept[study_base.Written] = Kept()
    screens: Kept[study_show.Screens] = Kept()
    monkeypatch.setattr(study_base, "_WRITTEN", bodies)
    monkeypatch.setattr(study_show, "_SCREENS", screens)
    client = client_for("ekonom")
    for page in PAGES:
        assert client.get(f"/liten/{page}").status_code == 200, page
    assert len(bodies._all) == len(PAGES)
    assert len(screens._all) == 1
    for kept in (bodies, screens):
        for key, one in kept._all.items():
            # a character takes one or two bytes
            assert weight(one) <= 2 * one.size + 2000, key
