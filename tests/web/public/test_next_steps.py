"""Is who decides next said as it is now, on the pages that everyone reads?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone
from web.public.conftest import changed_data

from rodtrad.web import publishing
from rodtrad.web.models import Event
from rodtrad.web.models.publishing import NextStep

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality, Publication

AT = "/liten/publicera/beslut/"
SCHOOL = "/oppet/liten/projekt/skola/"


def read(path: str = SCHOOL) -> str:
    return Client().get(path).content.decode().replace("\xa0", " ")


def say(place: Municipality, body: str, project_id: str = "", days: int = 9) -> None:
    """Let somebody decide, so many days from now."""
    day = timezone.localdate() + dt.timedelta(days=days)
    step = NextStep(project_id=project_id, body=body, date=day)
    publishing.set_step(None, place, step, {})  # type: ignore[arg-type]


def test_the_version_that_is_read_again_says_it_too(
    finish: Finish, client_for: ClientFor, liten: Municipality
) -> None:
    say(liten, "Den gamla nämnden")
    publishing.publish(None, finish())
    publishing.publish(None, finish(changed_data()))
    NextStep.objects.all().delete()
    say(liten, "Den nya nämnden")
    assert "Den gamla nämnden" in read("/oppet/liten/version/1/projekt/skola/")
    client_for("chef").post("/liten/publicera/2/ta-tillbaka/", {"why": "fel"})
    assert "Den nya nämnden" in read()
    assert "Den gamla nämnden" not in read()


def test_what_is_said_while_a_plan_is_looked_through_is_published(
    finish: Finish, liten: Municipality
) -> None:
    study = finish()
    ready = publishing.prepare(study)
    say(liten, "Kommunfullmäktige")
    publishing.publish(None, study, prepared=ready)
    assert "Kommunfullmäktige" in read()


def test_one_that_is_emptied_leaves_the_plans_own(
    published: Publication, client_for: ClientFor
) -> None:
    say(published.municipality, "Kommunfullmäktige")
    say(published.municipality, "Skolnämnden", "skola")
    assert "Skolnämnden" in read()
    answer = client_for("chef").post(f"{AT}skola/", {"body": "", "revision": "1"})
    assert answer.status_code == 302
    assert "Skolnämnden" not in read()
    assert "Kommunfullmäktige" in read()


def test_a_day_without_anybody_who_decides_is_asked_about(
    published: Publication, client_for: ClientFor
) -> None:
    answer = client_for("chef").post(AT, {"date": "2026-12-10"})
    assert answer.status_code == 422
    assert "Skriv vem som beslutar." in answer.content.decode()
    assert not NextStep.objects.exists()


def test_nobody_writes_over_what_another_has_said(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    page = client.get(AT).content.decode()
    assert 'name="revision" value="0"' in page
    say(published.municipality, "Kommunfullmäktige")
    sent = {"body": "Tekniska nämnden", "what": "Startbeslut", "revision": "0"}
    answer = client.post(AT, sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Någon annan sparade" in text
    assert "Nu står det: Kommunfullmäktige" in text
    assert 'value="Tekniska nämnden"' in text
    assert 'name="revision" value="1"' in text
    assert client.post(AT, {**sent, "revision": "1"}).status_code == 302
    # the same once more does no harm
    assert client.post(AT, {**sent, "revision": "1"}).status_code == 302
    assert NextStep.objects.get().body == "Tekniska nämnden"
    assert Event.objects.filter(action="nextstep.set").count() == 3


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ((-30, 5, None), 1),
        ((None, 40, 20), 2),
        ((-1, -2, None), 2),
        ((-1, -2, -3), None),
    ],
)
def test_the_front_page_says_who_decides_first_from_now_on(
    days: tuple[int | None, ...], shown: int | None, published: Publication
) -> None:
    today = timezone.localdate()
    keys = ("skola", "bro", "park")
    for key, ahead in zip(keys, days, strict=True):
        published.items.filter(project_id=key).update(
            next_body=f"Nämnden för {key}",
            next_date=None if ahead is None else today + dt.timedelta(days=ahead),
        )
    text = read("/oppet/liten/")
    for n, key in enumerate(keys):
        assert (f"Nämnden för {key}" in text) is (n == shown), key


def test_to_say_it_asks_the_database_a_few_times(
    published: Publication, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    say(published.municipality, "Skolnämnden", "skola")
    with django_assert_max_num_queries(12):
        say(published.municipality, "Kommunfullmäktige")
    assert set(published.items.values_list("project_id", "next_body")) == {
        ("skola", "Skolnämnden"),
        ("bro", "Kommunfullmäktige"),
        ("park", "Kommunfullmäktige"),
    }
