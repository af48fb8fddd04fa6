"""What is written of a finished study is written once, within bounds, a language each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from rodtrad.publish import chapters
from rodtrad.web.keeping import Kept
from rodtrad.web.models import Study

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
