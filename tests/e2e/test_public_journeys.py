"""The journeys in public, in a real browser against a server as shipped.

Each is made twice: with the mouse at 1280 px, and from the keyboard alone on a phone,
390 px wide. Residents come without a cookie and leave without one. Each journey has a
municipality of its own, whose first plan is public when it begins. What nobody at a page
can do is let days pass: there the home's own rows are set back by some days.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
from django.core.signing import b62_decode
from django.utils import timezone
from e2e.site import (
    IS_HERE,
    Hand,
    Watched,
    bare_context,
    new_context,
    sideways,
    violations,
)
from playwright.sync_api import expect

from rodtrad.web.public_form import LEAST_SECONDS, STAMP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.site import Site
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytestmark = [pytest.mark.e2e]
WIDTHS: Final = {"mus": 1280, "tangent": 390}
SHOTS: Final = os.environ.get("RODTRAD_SHOTS")
SCHOOL: Final = "Norra skolan byggs om"
BRIDGE: Final = "Bron över ån"
PARK: Final = "Ny park"


# Some point of what has the focus is on top: no bar that stays in place hides it.
_IS_SEEN: Final = """element => {
  const box = element.getClientRects()[0];
  const own = [element, ...(element.labels || [])];
  return [0.1, 0.5, 0.9].some(x => [0.1, 0.5, 0.9].some(y => {
    const at = document.elementFromPoint(
      box.left + x * box.width, box.top + y * box.height);
    return own.some(one => one.contains(at));
  }));
}"""


class Fingers(Hand):
    """A hand that also sees to it that what has the focus can be seen."""

    def reach(self, target: Locator, is_here: str = IS_HERE) -> None:
        """Move the focus to an element; it is not behind something else."""
        super().reach(target, is_here)
        focused = self.page.locator(":focus")
        assert focused.evaluate(_IS_SEEN), f"hidden with the focus on it: {target}"


@dataclass
class Person:
    """Somebody at a page, by mouse or by keys alone."""

    page: Page
    hand: Hand
    watched: Watched
    way: str

    @property
    def main(self) -> Locator:
        """What the page is about."""
        return self.page.locator("main")

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.main.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        """The first link with these words."""
        return self.page.get_by_role("link", name=name, exact=True).first

    def field(self, label: str) -> Locator:
        """A field by its label, whether it has to be filled in or not."""
        words = rf"^\s*{re.escape(label)}\s*(\(frivilligt\))?\s*$"
        return self.main.get_by_label(re.compile(words))

    def follow(self, link: Locator | str, at: str) -> None:
        """Follow a link to an address."""
        self.hand.press(self.link(link) if isinstance(link, str) else link)
        self.page.wait_for_url(re.compile(at))

    def sees(self, *texts: str) -> None:
        """The page tells something."""
        for text in texts:
            expect(self.main).to_contain_text(text)

    def fits(self, name: str) -> None:
        """Nothing sideways, on a page that is otherwise walked with all others."""
        if SHOTS:
            path = f"{SHOTS}/{name}-{WIDTHS[self.way]}.png"
            self.page.screenshot(path=path, full_page=True)
        assert sideways(self.page) == [], name

    def looks(self, name: str) -> None:
        """No violation and nothing sideways, where only somebody on their way comes."""
        self.fits(name)
        assert violations(self.page) == [], name

    def is_refused(self, why: str, name: str, status: int = 422) -> None:
        """What was sent is not taken, and the page says why."""
        expect(self.main.get_by_role("alert").first).to_contain_text(why)
        # the browser tells of the status, and that is all it tells
        told = self.watched.told()
        assert [one for one in told if f"status of {status}" not in one] == []
        self.looks(name)

    def reads(self) -> None:
        """Take the time to read a form: one that is sent at once is not taken."""
        stamp = self.main.locator(f"input[name={STAMP}]").input_value()
        ready = b62_decode(stamp.rsplit(":", 2)[1]) + LEAST_SECONDS + 0.1
        left = ready - timezone.now().timestamp()
        if left > 0:
            self.page.wait_for_timeout(left * 1000)

    def comes_to(self, path: str, text: str) -> None:
        """Open a page, and again until it tells something: pages are kept for a while."""
        self.page.goto(path)
        for _again in range(80):
            if text in " ".join(self.main.inner_text().split()):
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError(f"{path} does not tell {text!r}")


class People:
    """Everybody of a journey, each with a window of their own."""

    def __init__(self, browser: Browser, site: Site, way: str) -> None:
        """Nobody has come yet."""
        self.site, self.way = site, way
        self._browser = browser
        self._readers: list[BrowserContext] = []
        self._staff: list[BrowserContext] = []
        self._watched: list[Watched] = []

    def reader(self) -> Person:
        """Somebody who has never been here: no cookie, nothing kept."""
        context = bare_context(self._browser, self.site, WIDTHS[self.way])
        self._readers.append(context)
        return self._person(context)

    def staff(self, role: str) -> Person:
        """Somebody with a role who is logged in."""
        width = WIDTHS[self.way]
        context = new_context(self._browser, self.site, role, width=width)
        self._staff.append(context)
        return self._person(context)

    def _person(self, context: BrowserContext) -> Person:
        page = context.new_page()
        self._watched.append(Watched(page, self.site.base))
        hand = Fingers(page, keys=self.way == "tangent")
        return Person(page, hand, self._watched[-1], self.way)

    def leave(self) -> tuple[list[str], list[object]]:
        """Return what the pages complained about, and what readers were left with."""
        told = [one for watched in self._watched for one in watched.told()]
        left: list[object] = []
        for context in self._readers:
            state = context.storage_state()
            left += [*state.get("cookies", []), *state.get("origins", [])]
        for context in (*self._readers, *self._staff):
            context.close()
        return told, left


@pytest.fixture(params=list(WIDTHS))
def way(request: pytest.FixtureRequest) -> str:
    """With the mouse on a desktop, or from the keyboard alone on a phone."""
    return str(request.param)


@pytest.fixture
def people(chromium: Browser, site: Site, way: str) -> Iterator[People]:
    """Those who take part; fails if a page complained or left anything with a reader."""
    made = People(chromium, site, way)
    yield made
    told, left = made.leave()
    assert told == []
    assert left == []


def _days_pass(site: Site, place: str, table: str, *columns: str) -> None:
    """Set the days of a municipality's row back, as if three days had gone by."""
    # a day stays a day, and a time a time
    back = ", ".join(
        f"{one} = CASE WHEN length({one}) = 10 THEN date({one}, '-3 days')"
        f" ELSE datetime({one}, '-3 days') END"
        for one in columns
    )
    its = "municipality_id = (SELECT id FROM web_municipality WHERE slug = ?)"
    with closing(sqlite3.connect(site.home / "rodtrad.sqlite3", timeout=30)) as home:
        with home:
            done = home.execute(f"UPDATE {table} SET {back} WHERE {its}", [place])
        assert done.rowcount == 1


# ---------------------------------------------------------------- a comment

ASKS: Final = "Varför får inte skolan plats, när barnen har trångt?"
ANSWER: Final = "Därför att lånen skulle bli för stora. Höjs taket ryms skolan."
REASON: Final = "Fullmäktige har höjt taket för lånen, och då ryms skolan."


def test_a_comment_is_answered_and_follows_the_project(
    people: People, way: str
) -> None:
    """Ask about a why-not; it is answered, and both follow into the next version."""
    place = f"fraga-{way}"
    _reads_why_not_and_comments(people.reader(), place)
    _moderates_themes_and_answers(people.staff("forvaltning"), place)
    _sees_the_answer(people.reader(), place)
    _publishes_the_next_version(people.staff("chef"), place)
    _sees_comment_and_reason_follow(people.reader(), place)


def _reads_why_not_and_comments(reader: Person, place: str) -> None:
    reader.page.goto(f"/oppet/{place}/")
    reader.follow("Projekten", r"/projekt/$")
    reader.follow(SCHOOL, r"/projekt/skola/$")
    expect(reader.main.locator("h1")).to_have_text(SCHOOL)
    why = reader.main.locator("#varfor")
    expect(why.get_by_role("heading", name="Varför ryms det inte?")).to_be_visible()
    expect(why).to_contain_text("Låg skuld")
    reader.fits("varfor-inte")
    reader.follow("Skriv till oss", r"/skriv/\?om=project:skola$")
    reader.hand.press(reader.button("Skicka"))
    reader.is_refused("Skriv din synpunkt eller fråga.", "skriv-fel")
    reader.hand.write(reader.field("Din synpunkt eller fråga"), ASKS)
    reader.hand.write(reader.field("Namn eller signatur"), "Siv på Åvägen")
    reader.reads()
    reader.hand.press(reader.button("Skicka"))
    reader.page.wait_for_url(re.compile("/dialog/kvitto/"))
    reader.sees("Tack, synpunkten är mottagen", "Du får svar senast", ASKS)
    reader.sees("Synpunkten visas när vi har läst den.")
    reader.looks("kvitto")
    # nobody else sees it before somebody has read it
    reader.follow(f"Tillbaka till {SCHOOL}", r"/projekt/skola/$")
    expect(reader.main).not_to_contain_text(ASKS)


def _moderates_themes_and_answers(staff: Person, place: str) -> None:
    staff.page.goto(f"/{place}/dialog/")
    staff.sees("1 synpunkt väntar på granskning")
    staff.follow(staff.main.locator("table a").first, r"/dialog/synpunkt/\d+/$")
    staff.sees(ASKS, "Visa synpunkten innan du svarar.")
    staff.hand.press(staff.button("Spara granskningen"))
    staff.sees("Synpunkten visas.")
    staff.hand.write(staff.field("Eller ett nytt"), "Trångt i skolan")
    staff.hand.press(staff.button("Spara temat"))
    staff.sees("Temat är sparat.")
    staff.hand.mark(staff.main.get_by_role("radio", name="inte ändrat"))
    staff.hand.press(staff.button("Spara svaret"))
    staff.is_refused("Svar", "svar-fel")
    staff.hand.write(staff.field("Svar"), ANSWER)
    staff.hand.press(staff.button("Spara svaret"))
    staff.sees("Svaret är sparat och visas för alla.")
    staff.looks("svar-sparat")
    staff.page.goto(f"/{place}/dialog/")
    staff.sees("Allt är besvarat")


def _sees_the_answer(reader: Person, place: str) -> None:
    reader.comes_to(f"/oppet/{place}/projekt/skola/", ANSWER)
    said = reader.main.locator("article.comment")
    expect(said).to_have_count(1)
    for text in (ASKS, "Siv på Åvägen", "Trångt i skolan", "Inte ändrat", ANSWER):
        expect(said).to_contain_text(text)
    expect(said).to_contain_text("Fastighetschefen svarar")
    reader.sees("1 synpunkt, 1 har fått svar.")
    reader.looks("svaret")
    reader.follow(said.get_by_role("link", name=re.compile("^Länk")), r"/synpunkt/\d+/")
    reader.sees(ASKS, ANSWER)
    reader.looks("svaret-for-sig")


def _publishes_the_next_version(staff: Person, place: str) -> None:
    staff.page.goto(f"/{place}/publicera/")
    staff.sees("Version 1 är offentlig")
    named = staff.main.get_by_role("link", name=re.compile("Med högre lånetak$"))
    staff.follow(named, r"/publicera/ny/\d+/$")
    staff.sees(f"{SCHOOL}: Kommer in i planen", f"{BRIDGE}: Start 2027 i stället för")
    staff.hand.write(staff.field(f"Varför: {SCHOOL}"), REASON)
    staff.hand.press(staff.button("Publicera version 2"))
    staff.is_refused("Läs vad som blir offentligt", "publicera-fel")
    staff.hand.tick(staff.field("Jag har läst vad som blir offentligt"))
    staff.hand.press(staff.button("Publicera version 2"))
    staff.sees("Version 2 är offentlig", "Version 2 är publicerad.")


def _sees_comment_and_reason_follow(reader: Person, place: str) -> None:
    reader.comes_to(f"/oppet/{place}/projekt/skola/", "Varför görs det?")
    said = reader.main.locator("article.comment")
    for text in (ASKS, "Trångt i skolan", ANSWER):
        expect(said).to_contain_text(text)
    changes = reader.main.locator("ol.changes")
    expect(changes).to_contain_text("Version 2 Kommer in i planen, med start")
    expect(changes).to_contain_text(REASON)
    reader.fits("projekt-version-2")
    reader.follow("Det här har ändrats", r"/andrat/$")
    row = reader.main.get_by_role("listitem")
    expect(row.filter(has_text=SCHOOL).first).to_contain_text(REASON)
    expect(row.filter(has_text=BRIDGE).first).to_contain_text("Start 2027 i stället")
    # how it was can still be read
    reader.follow("se planen då (1)", r"/version/1/$")
    reader.follow("Projekten", r"/version/1/projekt/$")
    reader.follow(SCHOOL, r"/version/1/projekt/skola/$")
    reader.sees("Varför ryms det inte?")
    older = reader.page.locator(".oldbar")
    expect(older).to_contain_text("en äldre version av planen")


# ---------------------------------------------------------------- a letter

TITLE: Final = "Därför får skolan vänta"


def test_a_letter_is_written_scheduled_and_published(
    people: People, site: Site, way: str
) -> None:
    """Write a letter about a project and time it; the worker publishes, everyone reads."""
    place = f"brevet-{way}"
    _writes_and_schedules(people.staff("chef"), place)
    reader = people.reader()
    reader.page.goto(f"/oppet/{place}/brev/")
    reader.sees("Här kommer breven när det första är publicerat.")
    _days_pass(site, place, "web_letter", "publish_at")
    reader.comes_to(f"/oppet/{place}/brev/", TITLE)
    _reads_the_letter(people.reader(), place)


def _writes_and_schedules(staff: Person, place: str) -> None:
    staff.page.goto(f"/{place}/brev/")
    staff.follow("Skriv ett brev", r"/brev/nytt/$")
    staff.hand.press(staff.button("Spara"))
    staff.is_refused("Rubrik", "brev-fel")
    staff.hand.write(staff.field("Rubrik"), TITLE)
    staff.hand.write(staff.field("Text"), "Många har frågat om skolan.\n\n")
    staff.hand.choose(staff.field("Ett projekt"), SCHOOL)
    staff.hand.choose(staff.field("En siffra"), f"{SCHOOL}: kostnad")
    staff.hand.press(staff.button("Sätt in i texten"))
    expect(staff.field("Text")).to_have_value(
        re.compile(r"skolan\.\n\n\[\[projekt:skola\]\] \[\[siffra:projekt\.skola")
    )
    staff.hand.write(staff.field("Undertecknat som"), "Kommunchef")
    staff.hand.press(staff.button("Spara och förhandsgranska"))
    staff.page.wait_for_url(re.compile(r"/brev/1/visa/$"))
    live = staff.main.locator("aside.live")
    expect(live.get_by_role("link", name=SCHOOL)).to_be_visible()
    expect(live).to_contain_text("mkr")
    staff.fits("brev-forhandsgranskat")
    morning = timezone.localtime().replace(hour=7, minute=0) + dt.timedelta(days=1)
    staff.hand.write_time(staff.field("Dag och tid"), morning)
    staff.hand.press(staff.button("Schemalägg"))
    staff.sees("Brevet publiceras när tiden är inne.", "07.00")
    staff.looks("brev-schemalagt")


def _reads_the_letter(reader: Person, place: str) -> None:
    reader.page.goto(f"/oppet/{place}/")
    reader.follow("Veckobrevet", r"/brev/$")
    reader.follow(TITLE, r"/brev/\d{4}/\d+/darfor-far-skolan-vanta/$")
    expect(reader.main.locator("h1")).to_have_text(TITLE)
    expect(reader.main).not_to_contain_text("[[")
    live = reader.main.locator("aside.live")
    expect(live).to_contain_text("version 1")
    figure = live.locator("p", has_text="kostnad").locator(".cite").inner_text()
    assert "mkr" in figure
    reader.fits("brevet")
    reader.follow(live.get_by_role("link", name=SCHOOL), r"/projekt/skola/$")
    # the letter says what the plan says, and the project where it is written about
    reader.sees(figure.partition("mkr")[0])
    letters = reader.main.locator("#brev")
    reader.follow(
        letters.get_by_role("link", name=TITLE), r"/darfor-far-skolan-vanta/$"
    )


# ---------------------------------------------------------------- an own plan


def test_an_own_plan_is_shared_and_handed_in(people: People, way: str) -> None:
    """Move projects, share the plan by its link, and hand it in as an opinion."""
    place = f"prova-{way}"
    link = _makes_a_plan(people.reader(), place)
    assert link.startswith(f"{people.site.base}/oppet/{place}/prova/")
    _opens_and_hands_in(people.reader(), link)
    staff = people.staff("ekonom")
    staff.page.goto(f"/{place}/dialog/")
    staff.sees("1 synpunkt väntar på svar", "Låna hellre till skolan.")


def _makes_a_plan(reader: Person, place: str) -> str:
    reader.page.goto(f"/oppet/{place}/")
    reader.follow("Prova en egen plan", r"/prova/$")
    outcome = reader.page.locator("#utfall")
    expect(outcome.get_by_role("status")).to_contain_text("Lagens balanskrav klaras")
    reader.hand.choose(reader.field(f"Start för {SCHOOL}"), "Start 2026")
    expect(outcome).to_contain_text(f"”{SCHOOL}” tas in")
    # a plan that breaks a goal says so
    expect(outcome.get_by_role("status")).to_contain_text(
        "1 mål som måste hållas bryts"
    )
    reader.hand.choose(reader.field(f"Start för {PARK}"), "Görs inte")
    expect(outcome).to_contain_text(f"”{PARK}” tas bort")
    reader.looks("egen-plan")
    copied = reader.page.locator("#lank")
    if reader.hand.keys:
        reader.hand.reach(copied)
    else:
        copied.click()
    reader.page.keyboard.press("Control+C")
    # pasted where one can write
    field = reader.page.get_by_role("searchbox")
    reader.hand.write(field, "")
    reader.hand.reach(field)
    reader.page.keyboard.press("Control+V")
    link = field.input_value()
    assert link == reader.page.url
    return link


def _opens_and_hands_in(other: Person, link: str) -> None:
    other.page.goto(link)
    other.sees("Det här är någons egen plan, inte kommunens.")
    changed = other.main.locator(".own-changes")
    for text in (f"”{SCHOOL}” tas in", f"”{PARK}” tas bort"):
        expect(changed).to_contain_text(text)
    expect(other.field(f"Start för {PARK}")).to_have_value("ute")
    other.follow("Lämna in planen som synpunkt", r"/prova/[^/]+/lamna/$")
    other.hand.press(other.button("Lämna in planen"))
    other.is_refused("Skriv din synpunkt eller fråga.", "lamna-in-fel")
    words = "Låna hellre till skolan."
    other.hand.write(other.field("Din synpunkt eller fråga"), words)
    other.reads()
    other.hand.press(other.button("Lämna in planen"))
    other.page.wait_for_url(re.compile("/dialog/kvitto/"))
    other.sees("Tack, synpunkten är mottagen", words)
    other.follow("Se den på sidan", r"/dialog/synpunkt/\d+/$")
    other.sees(words)
    other.looks("inlamnad-plan")
    other.follow("Se den egna planen", re.escape(link.partition("/oppet/")[2]))
    expect(other.main.locator(".own-changes")).to_contain_text(SCHOOL)


# ---------------------------------------------------------------- an envelope

ENVELOPE: Final = "Pengar till ån"
PROPOSALS: Final = {
    "Bänkar vid ån": "40 000",
    "Lekplats vid ån": "120 000",
    "Utegym": "200 000",
}


def test_a_vote_is_cast_and_its_receipt_checked(
    people: People, site: Site, way: str
) -> None:
    """Set up an envelope, vote in it, count it, and check what the ballot paid for."""
    place = f"potten-{way}"
    staff = people.staff("ekonom")
    first, second = _sets_up(staff, place)
    voter = people.reader()
    receipt = _votes(voter, place, first)
    _casts_on_paper(staff, second)
    _days_pass(site, place, "web_envelope", "votes_from", "votes_to")
    _counts_and_publishes(staff, place)
    _checks_the_receipt(people.reader(), place, receipt)


def _sets_up(staff: Person, place: str) -> list[str]:
    """Return the codes that give the right to vote."""
    staff.page.goto(f"/{place}/pott/")
    staff.follow("Ny pott", r"/pott/ny/$")
    staff.hand.press(staff.button("Spara potten"))
    staff.is_refused("Namn", "pott-fel")
    staff.hand.write(staff.field("Namn"), ENVELOPE)
    staff.hand.write(staff.field("Summan i kronor"), "250 000")
    today = timezone.localdate()
    staff.hand.write_time(staff.field("Röstning från och med"), today)
    tomorrow = today + dt.timedelta(days=1)
    staff.hand.write_time(staff.field("Röstning till och med"), tomorrow)
    staff.hand.press(staff.button("Spara potten"))
    staff.sees("Potten är sparad som utkast.")
    for name, cost in PROPOSALS.items():
        staff.follow("Lägg in ett förslag", r"/forslag/ny/$")
        staff.hand.write(staff.field("Förslaget i några ord"), name)
        staff.hand.write(staff.field("Vad kostar det, i kronor?"), cost)
        staff.hand.press(staff.button("Spara förslaget"))
        staff.page.wait_for_url(re.compile(r"/pott/1/$"))
    staff.follow("Skapa röstkoder", r"/koder/$")
    staff.hand.write(staff.field("Hur många röstkoder?"), "2")
    with staff.page.expect_download() as asked:
        staff.hand.press(staff.button("Skapa och ladda ner"))
    with asked.value.path().open(encoding="utf-8", newline="") as file:
        codes = [row[0] for row in csv.reader(file)][1:]
    assert len(set(codes)) == 2
    staff.page.goto(f"/{place}/pott/1/")
    staff.hand.press(staff.button("Visa potten för alla"))
    staff.sees("Potten syns nu för alla.", "0 av 2 använda")
    staff.fits("pott-oppen")
    return codes


def _votes(voter: Person, place: str, code: str) -> str:
    """Return the receipt code."""
    voter.comes_to(f"/oppet/{place}/", ENVELOPE)
    voter.follow(ENVELOPE, r"/pott/1/$")
    voter.sees("Den som har fått en röstkod får rösta, en gång.", *PROPOSALS)
    voter.follow("Rösta", r"/rosta/$")
    left = voter.main.locator("#kvar")
    expect(left).to_have_text("Du har 250 000 kronor kvar att dela ut.")
    for name in ("Bänkar vid ån", "Lekplats vid ån"):
        voter.hand.tick(voter.main.get_by_role("checkbox", name=name))
    expect(left).to_have_text("Du har 90 000 kronor kvar att dela ut.")
    voter.hand.write(voter.field("Röstkod"), "0000-0000-0000-0000")
    voter.reads()
    voter.hand.press(voter.button("Lägg min röst"))
    voter.is_refused("Röstkoden finns inte.", "rost-fel")
    # what was ticked is still there
    expect(left).to_have_text("Du har 90 000 kronor kvar att dela ut.")
    voter.hand.write(voter.field("Röstkod"), code)
    voter.hand.press(voter.button("Lägg min röst"))
    expect(voter.main.locator("h1")).to_have_text("Rösten är lagd")
    voter.looks("rosten-lagd")
    receipt = voter.main.locator("#kvittokod").inner_text()
    number = voter.main.locator("#valsedel").inner_text()
    voter.follow("Kontrollera valsedeln", r"/kvitton/$")
    _looks_up(voter, receipt)
    voter.sees(f"Valsedel {number} finns med", "Rösterna är inte räknade än.")
    voter.looks("valsedeln")
    return f"{number} {receipt}"


def _looks_up(reader: Person, receipt: str) -> None:
    reader.hand.write(reader.field("Kvittokod"), receipt)
    reader.reads()
    reader.hand.press(reader.button("Visa min valsedel"))


def _casts_on_paper(staff: Person, code: str) -> None:
    staff.page.reload()
    staff.sees("1 av 2 använda")
    staff.follow("För in en valsedel på papper", r"/papper/$")
    staff.hand.tick(staff.main.get_by_role("checkbox", name="Lekplats vid ån"))
    staff.hand.write(staff.field("Röstkod"), code)
    staff.hand.press(staff.button("För in valsedeln"))
    staff.sees("Valsedeln är införd.")
    staff.looks("pa-papper")


def _counts_and_publishes(staff: Person, place: str) -> None:
    staff.page.goto(f"/{place}/pott/1/")
    staff.hand.press(staff.button("Räkna rösterna"))
    staff.sees("Rösterna är räknade.", "Bara ni ser resultatet än.")
    staff.looks("raknat")
    staff.hand.press(staff.button("Publicera resultatet"))
    staff.sees("Resultatet är publicerat.")


def _checks_the_receipt(reader: Person, place: str, known: str) -> None:
    number, receipt = known.split(maxsplit=1)
    reader.comes_to(f"/oppet/{place}/pott/1/", "Se resultatet")
    reader.follow("Se resultatet", r"/resultat/$")
    reader.sees("Lekplats vid ån", "Bänkar vid ån")
    reader.fits("resultatet")
    reader.follow("Se kvittona", r"/kvitton/$")
    _looks_up(reader, receipt)
    reader.sees(f"Valsedel {number} finns med")
    # the playground is shared by two, and nobody else wants the benches
    paid = reader.main.locator("table.paid tbody tr")
    expect(paid).to_have_count(3)
    expect(paid.filter(has_text="Lekplats vid ån")).to_contain_text("60 000,00")
    expect(paid.filter(has_text="Bänkar vid ån")).to_contain_text("40 000,00")
    reader.looks("kvittot")
