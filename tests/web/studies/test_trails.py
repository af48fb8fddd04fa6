"""Every figure opens its trail, or it is said here why it has none."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from unit.need_town import town_records
from unit.plan.tiny import Records, goal, project
from web.studies.shown_figures import Figures, Shown

from rodtrad import study as core
from rodtrad.domain.components import build_tables
from rodtrad.web import store
from rodtrad.web.models import Decision, Estimate, ProjectYear, Underlag

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor
    from web.studies.conftest import MakeStudy

    from rodtrad.web.models import Municipality, Study


# What shows no figure: nothing, a year, and when something stands ready.
_NO_FIGURE: Final = re.compile(
    r"|[–-]|(I bruk |Start )?(19|20|21)\d\d( .*)?|I bruk|Start|Utgift"
)
# Table (or part of a page), column or row: why such a figure has no trail of its own.
EXEMPT: Final[dict[tuple[str, str], str]] = {
    (
        r"Behov mot utrymme per år",
        r"",
    ): "the wishes as early as they can be; no plan has them",
    (r"Därför (är|blir) resultatet", r""): "parts of a difference between two years",
    (
        r"Varför [BC] får",
        r"",
    ): "parts of a difference between two plans, each of which leads",
    (
        r"Balanskravsresultat per år",
        r"Reserverat till kommande år",
    ): "before less after",
    (
        r"Planens utgifter per år",
        r"Förnyelse|Anpassning|Nytt",
    ): "shares of the sum, which leads",
    (
        r"Lån per invånare vid årets slut",
        r"2025",
    ): "the year before the plan, as in the accounts",
    (r"Reserver vid årets slut", r""): "what the law's rows above it have added up to",
    (
        r"Underskott att återställa",
        r"",
    ): "the sheet Underskott as it is, and the law's rows",
    (
        r"Vid sidan av: kommunens bolag",
        r"",
    ): "the sheet Bolag as it is; no part of the plan",
    (
        r"Förnyelsebehov per slag",
        r"",
    ): "of the forecast of needs, which has methods, no trail",
    (r"Dyrast att vänta med", r""): "of the forecast of needs",
    (r"Tre mått på underhållsskulden", r""): "of the forecast of needs",
    (
        r"nyckeltal",
        r"Efter besiktning|Efter ålder|Vad väntan har kostat",
    ): "of the forecast of needs",
    (r".*, (hela kommunen|Norr|Söder)\. Platser", r""): "of the forecast of needs",
    (r"Platser och senaste beslut", r""): "of the forecast of needs",
    (r"Behoven som de såg ut före besluten", r""): "of the forecast of needs",
    (r"Vad osäkerheten kommer från", r""): "of many draws, none of which is the figure",
    (r"Sannolikhet att målen nås", r""): "of many draws",
    (r".*så mycket kan det skilja", r"En av|Mitten"): "of many draws",
    (r"Balanskravet klaras i .* stresstest", r""): "of many draws, under another input",
    (r"Ett antagande flyttar", r""): "of many draws, under another assumption",
    (
        r"Vad svängningarna bygger på",
        r"",
    ): "statistics that came with the program, with sources",
    (r"Vad underlaget består av", r""): "counts of rows",
    (r".* när underlaget kontrollerades", r"Rad"): "the number of a row",
    (r"Reservlista", r""): "what a search found; its proof stands with the plan",
    (r"Vad mer och mindre utrymme ger", r""): "what searches found",
    (r"Så väger synsätten", r""): "what people have answered",
    (
        r"Planerna sida vid sida",
        r"Hur säker sökningen är",
    ): "words of how the plan is proven",
    (r"arbetsbänk", r".* av .*"): "people and the like, as the sheet Resurser has them",
    (
        r"Effekten år för år",
        r"Skillnadmkr",
    ): "the difference of the two beside it, which lead",
    (
        r"Projekten, en per rad",
        r"Utgiftmkr",
    ): "the project's own page has it, with its rows",
    (r"nyckeltal", r"Projekt i planen"): "a count of projects",
    (
        r"Hela projektet",
        r"",
    ): "registered by people: who and when stands below, and in the log",
    (r"År för år", r""): "registered by people, as above",
    (
        r"Kalkyler och prognoser",
        r"",
    ): "registered by people; who and why stands beside it",
    (r"Prognosens historia", r""): "registered by people, as above",
}


PAGES: Final = (
    *("", "?plan=1", "behov/", "utrymme/", "utrymme/rakenskaper/", "utrymme/mal/"),
    *("utrymme/balanskrav/", "utrymme/skuld/", "skal/", "reserv/", "studier/nara/"),
    *("studier/vilar-pa/", "jamfor/?plan=1&plan=2", "studier/2/", "arbetsbank/"),
    *("projekt/", "projekt/skola_ny/", "projekt/tidslinje/", "enighet/"),
)


def rich_data() -> Records:
    """A town with needs, loans, a company, a deficit, viewpoints and a dear project."""
    data = town_records()
    for table, rows in project("hall", [60_000.0], 30.0, use={"folk": 2.0}).items():
        data.setdefault(table, []).extend(rows)
    data["criteria"] = [
        {"criterion": key, "name": key.title(), "weight": 1.0}
        for key in ("nytta", "miljo")
    ]
    data["scores"] += [
        {**row, "criterion": "miljo", "low": s, "score": s, "high": s}
        for row, s in zip(list(data["scores"]), (40.0, 5.0, 90.0), strict=True)
    ]
    data["viewpoints"] = [
        {"viewpoint": name, "criterion": key, "relation": "min", "value": "0.6"}
        for name, key in (("Nytta", "nytta"), ("Miljö", "miljo"))
    ]
    data["goals"] += [goal("skuld", "lan_inv", 40_000.0)]
    data["loans"] = [
        {
            "loan_id": "lan_1",
            "amount": 25_000.0,
            "rate": 0.031,
            "fixed_until": 2027,
            "matures": 2031,
        }
    ]
    data["companies"] = [
        {"company": "Bolaget", "year": 2026, "result": 900.0, "loans": 7_000.0}
    ]
    data["deficits"] = [{"year": 2024, "amount": 400.0, "due_year": 2027}]
    data["resources"] = [
        {"resource": "folk", "year": year, "available": 3.0}
        for year in range(2026, 2030)
    ]
    return data


@pytest.fixture(scope="session")
def rich_result() -> dict[str, Any]:
    """Its plan, with all that a study can compute."""
    asked = core.Settings(time_limit=10, draws=60, seed=1)
    return core.run(build_tables(rich_data()), asked).result


@pytest.fixture
def rich(
    liten: Municipality, rich_result: dict[str, Any], make_study: MakeStudy
) -> Study:
    """The plan of `liten`; and one more to compare it with."""
    underlag = Underlag.objects.create(municipality=liten, name="Liten")
    data = rich_data()
    data["years"][-1]["interest_rate"] = 0.09
    other = core.run(build_tables(data), core.Settings(time_limit=5, only=("plan",)))
    store.write_tables(underlag, build_tables(data))
    make_study(store.make_version(underlag, "Första", None), other.result, name="Annan")
    store.write_tables(underlag, build_tables(rich_data()))
    version = store.make_version(underlag, "Andra", None)
    told: dict[str, Any] = {"municipality": liten, "project_id": "skola_ny"}
    ProjectYear.objects.create(**told, year=2026, budget_tkr=900.0, actual_tkr=400.0)
    for month, amount in ((1, 7_000.0), (6, 7_400.0)):
        date = dt.date(2026, month, 1)
        Estimate.objects.create(**told, date=date, amount_tkr=amount)
    Decision.objects.create(**told, date=dt.date(2026, 1, 8), amount_tkr=7_200.0)
    return make_study(version, rich_result, name="Förslaget")


def exemption(one: Shown) -> tuple[str, str] | None:
    """Return the exemption that a figure falls under, if any."""
    for table, of in EXEMPT:
        named = (one.column, one.row, one.text)
        if re.match(table, one.table) and any(re.match(of, name) for name in named):
            return table, of
    return None


def pages_of(client: Client) -> dict[str, str]:
    """Return every page that shows figures, by what was asked for."""
    found = {}
    screens = [f"studier/2/visa/?bild={n}" for n in range(1, 11)]
    for page in (*PAGES, *screens):
        answer = client.get(f"/liten/{page}")
        assert answer.status_code == 200, page
        found[page] = answer.content.decode()
    turned = client.post("/liten/utrymme/spakar/", {"interest": "1", "gor": "visa"})
    found["spakar"] = turned.content.decode()
    client.post("/liten/arbetsbank/", {"gor": "senare:bad"})
    found["flyttat"] = client.get("/liten/arbetsbank/").content.decode()
    return found


def test_every_figure_opens_its_trail(client_for: ClientFor, rich: Study) -> None:
    """Or falls under an exemption, of which none is there in vain."""
    client = client_for("ekonom")
    lost, used, leads = [], set(), {}
    for page, markup in pages_of(client).items():
        shown = [
            one for one in Figures(markup).found if not _NO_FIGURE.fullmatch(one.text)
        ]
        for one in shown:
            if one.href:
                leads[one.href] = page, one
            elif reason := exemption(one):
                used.add(reason)
            else:
                lost.append((page, one))
    assert not lost, "\n".join(f"{page}: {one}" for page, one in lost)
    assert used == set(EXEMPT), set(EXEMPT) - used
    trails = {href: at for href, at in leads.items() if "/spar/" in href}
    assert len(trails) > 250
    assert all(href.startswith(("/liten/", "#")) for href in leads)
    # a figure of the page is the figure of its trail: a few of each page and kind
    kinds: dict[tuple[str, str], int] = {}
    for href, (page, one) in sorted(trails.items()):
        kind = (page, one.table)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= 2:
            headline = headline_of(client.get(href))
            assert alike(one.text, headline), (href, one, headline)


def headline_of(answer: Any) -> str:
    """Return the figure that the page of a trail explains."""
    assert answer.status_code == 200, answer.request["PATH_INFO"]
    found = re.search(r'<p class="f"><b>(.*?)</b></p>', answer.content.decode())
    assert found is not None
    return str(found[1])


def alike(shown: str, headline: str) -> bool:
    """Return True if a figure is the same as in its trail, as rounded as it is shown."""

    def number(text: str) -> float:
        plain = re.sub(r"\(.*|[^\d,.−-]", "", text).replace("−", "-")
        return float(plain.replace(",", "."))

    one, other = number(shown), number(headline)
    decimals = len(re.sub(r"\(.*|[^\d,]", "", shown).partition(",")[2])
    room = 0.6 * 10**-decimals
    if "%" in headline or "tkr" not in headline:
        # the workbench shows whole hundreds of kronor
        return bool(abs(one - other) <= max(room, 51.0 if abs(other) > 1_000 else 0.0))
    return bool(abs(one - other / 1_000) <= room)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("studier/2/spar/outlay_fixed/", 200),
        ("studier/2/spar/outlay_fixed:hall/", 200),
        ("studier/2/spar/outlay_fixed:hall/a/", 200),
        ("studier/2/spar/outlay_fixed:finns-inte/", 404),
        ("studier/2/spar/baseline:ar:2027/", 200),
        ("studier/2/spar/ar:2026-2029/", 200),
        ("studier/2/spar/ar:2029-2026/", 404),
        ("studier/2/spar/ar:1999/", 404),
        ("studier/2/spar/x/", 404),
        ("arbetsbank/spar/ar:2027/", 200),
        ("arbetsbank/spar/ar:2027/?forut=1", 200),
        ("arbetsbank/spar/x:2027/", 404),
        ("utrymme/spakar/spar/ar:2027/?interest=1", 200),
        ("utrymme/spakar/spar/ar:2027/?plan=1&interest=1", 200),
        ("utrymme/spakar/spar/ar:2027/", 404),
        ("utrymme/spakar/spar/ar:2027/?interest=mycket", 404),
        ("utrymme/spakar/spar/x:2027/?interest=1", 404),
    ],
)
def test_a_trail_is_found_or_not(
    path: str, status: int, client_for: ClientFor, rich: Study
) -> None:
    assert client_for("ekonom").get(f"/liten/{path}").status_code == status


def test_the_trail_of_what_is_not_saved_is_its_own(
    client_for: ClientFor, rich: Study
) -> None:
    """Of the choices on the bench, and with the levers turned; not of the plan."""
    client = client_for("ekonom")
    plan, bench = "/liten/studier/2/spar/", "/liten/arbetsbank/spar/"
    figure = "lan_inv:2026/"
    saved = headline_of(client.get(plan + figure))
    assert headline_of(client.get(bench + figure)) == saved
    client.post("/liten/arbetsbank/", {"gor": "vaxla:skola_ny"})
    moved = headline_of(client.get(bench + figure))
    assert moved != saved
    assert headline_of(client.get(f"{bench}{figure}?forut=1")) == saved
    turned = client.get("/liten/utrymme/spakar/spar/fk:2029/?interest=2")
    assert headline_of(turned) != headline_of(client.get(f"{plan}fk:2029/"))
    assert "Räknat med spakarna, inget är sparat." in turned.content.decode()
