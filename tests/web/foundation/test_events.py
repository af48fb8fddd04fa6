"""The log: append-only whoever asks, readable, filtered, and bounded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.html import escape

from rodtrad.web import events
from rodtrad.web.models import Event, Municipality
from rodtrad.web.models.events import AppendOnlyError

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor


def _row(municipality: Municipality, who: Any = None, **facts: Any) -> Event:
    return events.record(
        who,
        municipality,
        facts.pop("action", "underlag.changed"),
        facts.pop("obj", ("row", "projects/skola", "Norra skolan")),
        before=facts.pop("before", {"deadline_year": 2030}),
        after=facts.pop("after", {"deadline_year": 2031}),
        **facts,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE web_event SET actor_name = 'Någon annan'",
        "DELETE FROM web_event",
        "DELETE FROM web_event WHERE 1 = 1",
    ],
)
def test_the_database_itself_refuses(statement: str, liten: Municipality) -> None:
    _row(liten)
    with (
        pytest.raises(DatabaseError, match="neither changed nor removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.get().actor_name == ""


def test_the_models_refuse(liten: Municipality) -> None:
    one = _row(liten)
    one.note = "ändrad"
    with pytest.raises(AppendOnlyError):
        one.save()
    with pytest.raises(AppendOnlyError):
        one.delete()
    with pytest.raises(AppendOnlyError):
        Event.objects.update(note="x")
    with pytest.raises(AppendOnlyError):
        Event.objects.all().delete()


def test_what_is_undeclared_is_refused(liten: Municipality) -> None:
    with pytest.raises(ValueError, match="undeclared action"):
        _row(liten, action="hittat.pa")
    with pytest.raises(ValueError, match="undeclared kind"):
        _row(liten, obj=("hittat_pa", "1", "x"))
    with pytest.raises(TypeError):
        _row(liten, after={"file": b"bytes"})


def test_only_what_changed_is_kept() -> None:
    before, after = events.changed({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3})
    assert (before, after) == ({"b": 2}, {"b": 3})


def test_history_of_one_field(liten: Municipality, annan: Municipality) -> None:
    _row(liten, before={"name": "A"}, after={"name": "B"})
    _row(liten, before={"name": "B", "gate": "G1"}, after={"name": "C", "gate": "G2"})
    _row(annan, before={"name": "X"}, after={"name": "Y"})
    found = events.history(liten, "row", "projects/skola", "name")
    assert [(one.before, one.after) for one in found] == [("B", "C"), ("A", "B")]
    assert len(events.history(liten, "row", "projects/skola")) == 3


@pytest.fixture
def reader(client_for: ClientFor) -> Client:
    return client_for("chef")


def _page(reader: Client, liten: Municipality, **asked: Any) -> str:
    address = reverse("events", kwargs={"kommun": liten.slug})
    answer = reader.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_tells_who_what_before_and_after(
    reader: Client, liten: Municipality
) -> None:
    _row(liten, reader.user)  # type: ignore[attr-defined]
    page = _page(reader, liten)
    assert "chef Liten" in page
    assert "ändrade underlaget" in page
    assert "Norra skolan" in page
    assert "I bruk senast" in page
    assert "<del>2030</del>" in page
    assert "<ins>2031</ins>" in page


def test_codes_are_shown_by_their_labels(reader: Client, liten: Municipality) -> None:
    member = reader.user.memberships.get()  # type: ignore[attr-defined]
    events.record(
        None, liten, "membership.changed", member, {"role": "lasare"}, {"role": "chef"}
    )
    _row(liten, before={"financing": "skatt"}, after={"financing": "taxa"})
    page = _page(reader, liten)
    assert "<del>läsare</del>" in page
    assert "lasare" not in page.split("</form>", 1)[1]
    assert "Finansiering" in page


def test_filter_by_person_object_and_time(
    reader: Client, liten: Municipality, client_for: ClientFor
) -> None:
    _row(liten, reader.user)  # type: ignore[attr-defined]
    _row(liten, client_for("ekonom").user, obj=("row", "goals/skuld", "Låg skuld"))  # type: ignore[attr-defined]
    old = events.event(None, liten, "study.failed", ("study", "7", "Gammal plan"))
    old.at = dt.datetime(2020, 5, 4, 12, tzinfo=dt.UTC)
    events.record_many([old])

    def shown(**asked: Any) -> list[str]:
        page = _page(reader, liten, **asked)
        return [n for n in ("Norra skolan", "Låg skuld", "Gammal plan") if n in page]

    assert shown() == ["Norra skolan", "Låg skuld", "Gammal plan"]
    assert shown(person="ekonom") == ["Låg skuld"]
    assert shown(kind="study") == ["Gammal plan"]
    assert shown(text="skola") == ["Norra skolan"]
    assert shown(until="2020-05-04") == ["Gammal plan"]
    assert shown(since="2020-05-05") == ["Norra skolan", "Låg skuld"]
    # what makes no sense is left out, and said
    assert len(shown(since="i går", kind="hittat på", sida="-3")) == 3
    assert shown(until="9999-12-31") != []


def test_script_in_any_field_is_shown_as_text(
    reader: Client, liten: Municipality
) -> None:
    evil = "<script>alert(1)</script>"
    _row(
        liten,
        obj=("row", "projects/x", evil),
        before={"name": evil},
        after={evil: evil},
        note=evil,
    )
    page = _page(reader, liten, person=evil, text="")
    assert evil not in page
    page = _page(reader, liten)
    assert evil not in page
    assert page.count(escape(evil)) >= 4
    history = reader.get(f"/{liten.slug}/handelser/row/projects/x/")
    assert evil not in history.content.decode()


def test_other_municipalities_are_not_seen(
    reader: Client, liten: Municipality, annan: Municipality
) -> None:
    _row(annan, obj=("row", "projects/hemlig", "Hemligt projekt"))
    assert "Hemligt projekt" not in _page(reader, liten)
    address = f"/{liten.slug}/handelser/row/projects/hemlig/"
    assert reader.get(address).status_code == 404


def test_history_page_and_who_may_read_about_people(
    client_for: ClientFor, liten: Municipality
) -> None:
    _row(liten)
    events.record(
        None,
        liten,
        "membership.changed",
        ("membership", "5", "Eva"),
        after={"role": "chef"},
    )
    reader = client_for("lasare")
    page = reader.get(
        f"/{liten.slug}/handelser/row/projects/skola/", {"falt": "deadline_year"}
    )
    assert page.status_code == 200
    assert "I bruk senast" in page.content.decode()
    private = f"/{liten.slug}/handelser/membership/5/"
    assert reader.get(private).status_code == 403
    assert client_for("chef").get(private).status_code == 200


def test_pages_and_queries_are_bounded(
    reader: Client, liten: Municipality, django_assert_max_num_queries: Any
) -> None:
    events.record_many(
        events.event(
            None,
            liten,
            "underlag.changed",
            ("row", f"projects/p{i}", f"Projekt {i}"),
            before={"name": "a"},
            after={"name": "b"},
        )
        for i in range(120)
    )
    # Three for who asks, four for the thread and the menus, and three for the log: the
    # count, the page, and where all of its rows are seen. However many events there are.
    with django_assert_max_num_queries(10):
        first = _page(reader, liten)
    assert first.count("<article>") == 50
    third = _page(reader, liten, sida=3)
    assert third.count("<article>") == 20
    assert _page(reader, liten, sida=99).count("<article>") == 50
