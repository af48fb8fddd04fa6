"""The thread, the reader's choices, search and the pages that say something is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from rodtrad.web import navigation
from rodtrad.web.models import Row, User

if TYPE_CHECKING:
    from pytest_django.fixtures import DjangoAssertNumQueries
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality, Study, Underlag

gallery = pytest.mark.urls("web.shell.gallery_urls")


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def knots(page: str) -> list[tuple[str, str]]:
    """Return (class, figure) of the six knots."""
    nav = page.split('<ol class="stages"')[1].split("</ol>")[0]
    return re.findall(r'<li class="(\w+)">.*?<span>(.*?)</span>', nav)


# ---------------------------------------------------------------- the thread


@gallery
def test_thread_says_the_newest_study_in_six_figures(
    client_for: ClientFor, study: Study
) -> None:
    page = text(client_for("lasare"), "/liten/")
    shown = knots(page)
    assert [state for state, _figure in shown] == ["past"] * 4 + ["later"] * 2
    figures = [figure.replace("\u00a0", " ") for _state, figure in shown]
    plan = study.plan
    assert plan is not None
    chosen = [p for p in plan["projects"] if p["chosen"]]
    spent = sum(sum(p["outlay_tkr"]) for p in chosen)
    assert figures[1] == f"{spent / 1000:.0f} mkr ryms"
    assert figures[2] == f"{len(chosen)} av {len(plan['projects'])} projekt"
    assert 'data-at="6"' in page
    assert "subpages" not in page


@gallery
def test_line_ends_at_the_present_stage_and_drops_to_its_pages(
    client_for: ClientFor, study: Study
) -> None:
    page = text(client_for("lasare"), "/liten/arbetsbank/")
    assert [state for state, _figure in knots(page)] == [
        "past",
        "past",
        "now",
        "later",
        "later",
        "later",
    ]
    assert page.count('aria-current="step"') >= 1
    line = page.split('class="subpages"')[1].split("</nav>")[0]
    assert re.search(r'href="/liten/arbetsbank/" aria-current="page"', line)
    assert "Projekt" in line


@gallery
def test_without_a_study_the_working_copy_speaks(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    shown = knots(text(client_for("lasare"), "/liten/"))
    assert shown[0][1].replace("\u00a0", " ") == "3 projekt i underlaget"
    assert [state for state, _figure in shown] == ["past"] + ["later"] * 5


@gallery
def test_an_empty_municipality_has_six_grey_rings(client_for: ClientFor) -> None:
    assert {
        state for state, _figure in knots(text(client_for("lasare"), "/liten/"))
    } == {"later"}


@gallery
def test_an_area_gives_its_own_figure(
    client_for: ClientFor, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        navigation._live, "dialog", lambda m: f"2 svar väntar i {m.name}"
    )
    assert knots(text(client_for("lasare"), "/liten/"))[4] == (
        "past",
        "2 svar väntar i Liten",
    )


def test_a_page_below_another_belongs_to_the_same_stage() -> None:
    for path, stage in (
        ("projekt/norra-skolan/", 2),
        ("projekt/tavla/", 2),
        ("underlag/outlays/", 0),
        ("behov/anmal/", 4),
        ("behov/", 0),
        ("enighet/", 3),
        ("personer/", None),
        ("", None),
    ):
        assert navigation.find_page(path)[0] == stage, path


@gallery
def test_the_shell_asks_little_of_the_database(
    client_for: ClientFor,
    study: Study,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_for("ekonom")
    text(client, "/liten/arbetsbank/")
    # session, user, membership, newest study, the municipalities of the menu
    with django_assert_max_num_queries(6):
        text(client, "/liten/arbetsbank/")


@gallery
def test_menus_hold_what_the_role_may_open(client_for: ClientFor) -> None:
    reader = text(client_for("lasare"), "/liten/")
    chief = text(client_for("administrator"), "/liten/")
    if navigation.page_exists("/liten/handelser/"):
        assert "/liten/handelser/" in chief
    assert "/liten/handelser/" not in reader


# ---------------------------------------------------------------- the reader's choices


@gallery
@pytest.mark.parametrize(
    ("theme", "kept"), [("dark", "dark"), ("light", "light"), ("red", None)]
)
def test_theme_is_kept_by_a_plain_form(
    client_for: ClientFor, theme: str, kept: str | None
) -> None:
    client = client_for("lasare")
    response = client.post(reverse("theme"), {"theme": theme, "next": "/liten/?a=1"})
    assert (response.status_code, response["Location"]) == (302, "/liten/?a=1")
    page = text(client, "/liten/")
    assert (
        (f'data-theme="{kept}"' in page)
        if kept
        else ("<html" in page and "data-theme=" not in page.split(">")[1])
    )
    if kept:
        cookie = response.cookies["tema"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    "next_",
    ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""],
)
def test_nobody_is_sent_to_another_host(client: Client, next_: str) -> None:
    for name in ("theme", "language", "keys"):
        response = client.post(
            reverse(name),
            {"theme": "dark", "language": "en", "keys": "av", "next": next_},
        )
        assert (response.status_code, response["Location"]) == (302, "/")


@gallery
def test_language_follows_the_person(client_for: ClientFor, study: Study) -> None:
    client = client_for("lasare")
    assert '<html lang="sv"' in text(client, "/liten/")
    client.post(reverse("language"), {"language": "en", "next": "/liten/"})
    page = text(client, "/liten/")
    assert '<html lang="en"' in page
    # the report's own words too
    assert '<div class="blocks">' in page
    user = User.objects.get(pk=client.session["_auth_user_id"])
    assert user.language == "en"
    client.post(reverse("language"), {"language": "xx"})
    user.refresh_from_db()
    assert user.language == "en"


@gallery
def test_letter_keys_can_be_turned_off(client_for: ClientFor) -> None:
    client = client_for("lasare")
    assert 'data-keys="on"' in text(client, "/liten/")
    client.post(reverse("keys"), {"keys": "av", "next": "/liten/"})
    assert 'data-keys="off"' in text(client, "/liten/")


def test_choices_ask_for_a_token_and_for_post() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("theme"), {"theme": "dark"}).status_code == 403
    assert strict.get(reverse("theme")).status_code == 405


# ---------------------------------------------------------------- search


def test_search_finds_projects_first_whatever_the_case(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = Row.objects.filter(underlag=tiny_underlag, table="projects").first()
    assert row is not None
    Row.objects.filter(pk=row.pk).update(label="Ängsgårdens förskola")
    client = client_for("lasare")
    for q in ("ängsgård", "ÄNGSGÅRD", "gårdens  för", row.key.lower()):
        page = text(client, f"/liten/sok/?q={q}")
        hits = re.findall(r'<li class="rule"><p><a href="([^"]+)">([^<]+)<', page)
        assert hits[0][1] == "Ängsgårdens förskola", q
        own, sheet = (
            f"/liten/projekt/{row.key}/",
            f"/liten/underlag/projects/?rad={row.position + 2}",
        )
        assert hits[0][0].startswith(own if navigation.page_exists(own) else sheet)
    assert "Inga träffar" in text(client, "/liten/sok/?q=zzzz")
    assert "Inga träffar" in text(client, "/liten/sok/?q=%25%25")


def test_search_sees_no_other_municipality(
    client_for: ClientFor, tiny_underlag: Underlag, annan: Municipality
) -> None:
    Row.objects.filter(underlag=tiny_underlag, table="projects").update(
        label="Hemlig skola"
    )
    other = client_for("administrator", annan)
    assert "Inga träffar" in text(other, "/annan/sok/?q=hemlig")
    assert other.get("/liten/sok/?q=hemlig").status_code == 404


def test_search_words_are_escaped(client_for: ClientFor) -> None:
    page = text(client_for("lasare"), "/liten/sok/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# ---------------------------------------------------------------- when something is wrong


def test_an_unknown_address_says_so_in_the_shell(client_for: ClientFor) -> None:
    page = text(client_for("lasare"), "/finns/inte/alls/", 404)
    assert "Sidan finns inte" in page
    assert 'class="top"' in page


@gallery
def test_a_fault_gives_a_code_and_nothing_of_the_program(client_for: ClientFor) -> None:
    client = client_for("lasare")
    client.raise_request_exception = False
    page = text(client, "/liten/trasig/", 500)
    assert "meant to fail" not in page
    assert "Traceback" not in page
    assert re.search(r"<code>[0-9a-f]{8}</code>", page)


def test_an_old_form_says_that_nothing_was_saved() -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.post(reverse("theme"), {"theme": "dark"}).content.decode()
    assert "Formuläret var för gammalt" in page


# ---------------------------------------------------------------- files


def test_everything_that_a_page_asks_for_is_there() -> None:
    for name in (
        "app.css",
        "print.css",
        "app.js",
        "icon.svg",
        "fonts/source-sans-3-latin-wght-normal.woff2",
        "fonts/source-serif-4-latin-wght-normal.woff2",
        "vendor/htmx-4.0.1/htmx.min.js",
        "vendor/echarts-6.1.0/echarts.common.min.js",
        "vendor/maplibre-gl-6.17.0/maplibre-gl.mjs",
        "vendor/maplibre-gl-6.17.0/maplibre-gl-worker.mjs",
    ):
        assert finders.find(name), name


def test_a_first_load_is_light() -> None:
    import gzip
    from pathlib import Path

    names = [
        "app.css",
        "print.css",
        "app.js",
        "vendor/htmx-4.0.1/htmx.min.js",
        "vendor/echarts-6.1.0/echarts.common.min.js",
    ]
    total = sum(
        len(gzip.compress(Path(str(finders.find(n))).read_bytes())) for n in names
    )
    fonts = [
        "fonts/source-sans-3-latin-wght-normal.woff2",
        "fonts/source-serif-4-latin-wght-normal.woff2",
    ]
    total += sum(Path(str(finders.find(n))).stat().st_size for n in fonts)
    # of 400 kB, the page itself leaves room for some 40
    assert total < 360_000
