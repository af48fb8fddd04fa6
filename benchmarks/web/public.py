"""How fast are the public pages, with 10,000 projects, 10,000 comments and 500 letters?

`make bench-public` fills a home of its own (fill_public.py), starts `rodtrad serve` in
it as shipped, asks for each public page, and then lets readers in at `RATE` questions a
second over all the pages, whether or not earlier ones have been answered: once as readers
ask, and once with every page made anew (`Cache-Control: no-cache`, as a forced reload
says). Then it changes a resident's plan. Prints a table with the limits: time at p95, and
the bytes on the wire of a first view (the map's drawing apart). Exits 1 when a limit is
broken. Asks 127.0.0.1 only, and stops by itself.

A clock runs from the moment when a question was to be put, not from when it could be, so
a server that falls behind is not spared. `work` is what the server's processor does for
a page made anew, one at a time (inside.py), and `first` the same in a process that has
drawn nothing. The load and the server share the machine: where other programs took more
than `BUSY` of it, or the questions were not put in time, limits are held against the
work, and the table says so.

`--home FOLDER` keeps the home and uses it again; `--small` is a trial run with few rows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from run import (  # noqa: E402
    BUSY,
    Busyness,
    Visitor,
    environment,
    first_load,
    free_port,
    share_of,
    used_by,
    wait_until_up,
)

LIMIT, CHANGE, FIRST_VIEW = 0.100, 0.300, 150 * 1024
RATE, SECONDS, READERS = 50, 60, 32
ROUNDS = 20
PROJECTS, COMMENTS, LETTERS, PLANNER_SECONDS = 10_000, 10_000, 500, 15
ANEW = {"Cache-Control": "no-cache"}
# Each process of the server reads the newest plans by itself when it has started.
SETTLE_SECONDS, QUIET_SHARE = 90.0, 0.05
# What the map draws comes on top of the page.
ANY_LOAD = frozenset({"map", "map, filtered", "front"})
PAGES: dict[str, str] = {
    "front": "",
    "front, in English": "/open/stor/",
    "projects": "projekt/",
    "projects, filtered": "projekt/?q=skola&lage=out",
    "projects, an area": "projekt/?ort=omrade_3",
    "projects, far": "projekt/?sida=300",
    "projects, by cost": "projekt/?ordning=kostnad&sida=40",
    "projects, by name": "projekt/?ordning=namn&sida=100",
    "project, 10,000 comments": "projekt/p0001/",
    "project outside": "projekt/q00400/",
    "map": "karta/",
    "map, filtered": "karta/?ort=omrade_3",
    "timeline": "tidslinje/",
    "economy": "ekonomi/",
    "what we cannot": "kan-inte/",
    "what we cannot, far": "kan-inte/?sida=200",
    "assumptions": "antaganden/",
    "changes": "andrat/",
    "an older version": "version/1/",
    "older, projects": "version/1/projekt/?sida=7",
    "plain Swedish": "lattlast/",
    "about": "om/",
    "feed": "flode.xml",
    "search, a place": "sok/?q=omrade+7",
    "search, a locality": "sok/?q=sodra+vi",
    "search, words": "sok/?q=bron+taket&visa=projekt",
    "open data": "data/",
    "api": "api/v1/",
    "api, projects": "api/v1/versions/newest/projects",
    "api, filtered": "api/v1/versions/newest/projects?q=bron&state=out&page=3",
    "api, a project": "api/v1/versions/newest/projects/p0001",
    "api, changes": "api/v1/versions/newest/changes?page=3",
    "api, economy": "api/v1/versions/newest/economy",
    "dialogues": "dialog/",
    "a dialogue": "dialog/1/",
    "comments": "dialog/om/project/p0001/",
    "comments, far": "dialog/om/project/p0001/?sida=150",
    "comments, answered": "dialog/om/project/p0001/?ordning=besvarade&sida=9",
    "to write": "dialog/1/skriv/",
    "letters": "brev/",
    "letters, search": "brev/?q=skolan",
    "letters, far": "brev/?sida=20",
    "letters, feed": "brev/flode.xml",
    "to follow": "folj/?projekt=p0001",
    "try a plan": "prova/",
    "try a plan, filtered": "prova/?q=bron&sida=3",
    "questions": "fragor/",
    "envelopes": "pott/",
    "an envelope": "pott/1/",
    "to vote": "pott/1/rosta/",
}


@dataclass
class Measured:
    """What was found out about one page."""

    label: str
    clocks: list[float] = field(default_factory=list)
    anew: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: float | None = None
    work95: float | None = None
    queries: int | None = None
    load: int | None = None

    def broken(self, by_work: bool) -> str:
        """Return what is wrong, or nothing."""
        if self.faults:
            return self.faults[0]
        clocks = [share_of(one, 0.95) for one in (self.clocks, self.anew) if one]
        seconds = self.work95 if by_work else max(clocks, default=None)
        if seconds is None or seconds > LIMIT:
            return f"over {1000 * LIMIT:.0f} ms"
        if self.label not in ANY_LOAD and (self.load or 0) > FIRST_VIEW:
            return f"over {FIRST_VIEW // 1024} KB"
        return ""


@dataclass
class Load:
    """What came of a load: label, seconds and fault of each answer."""

    answers: list[tuple[str, float, str]]
    seconds: float
    late: float
    others: float
    work: float

    @property
    def clocks(self) -> list[float]:
        """The seconds of the answers that came."""
        return [clock for _label, clock, fault in self.answers if not fault]


def fill(home: Path, small: bool) -> None:
    """Fill the home unless it is filled already."""
    done = home / "public-filled"
    env = environment(home)
    manage = [sys.executable, "-m", "rodtrad.web", "manage"]
    subprocess.run([*manage, "migrate", "-v0"], env=env, check=True)
    if done.exists():
        return
    sizes = (
        (600, 300, 20, 5) if small else (PROJECTS, COMMENTS, LETTERS, PLANNER_SECONDS)
    )
    words = [sys.executable, str(HERE / "fill_public.py"), *map(str, sizes)]
    subprocess.run(words, env=env, check=True)
    done.touch()


def address(label: str) -> str:
    """Return where a page stands."""
    path = PAGES[label]
    return path if path.startswith("/") else f"/oppet/stor/{path}"


def add_what_is_found(visitor: Visitor) -> None:
    """Add pages whose addresses have to be looked up: a letter, a comment, an own plan."""
    page = visitor.page("/oppet/stor/brev/flode.xml")
    start = page.index("/oppet/stor/brev/2")
    PAGES["a letter"] = page[start : page.index('"', start)]
    page = visitor.page(address("comments"))
    found = re.search(r'href="([^"]+/dialog/synpunkt/\d+/)"', page)
    assert found is not None
    PAGES["a comment"] = found[1]
    _seconds, PAGES["an own plan"] = change_a_plan(visitor, 0)


def change_a_plan(visitor: Visitor, turn: int) -> tuple[float, str]:
    """Change a project of the sandbox; return how long it took and where that leads."""
    page = visitor.page("/oppet/stor/prova/?lage=in")
    names = re.findall(r'<select id="(p\d+)"', page)
    asked = {names[turn % len(names)]: "ute"}
    before = time.perf_counter()
    status, headers, _body = visitor.ask("/oppet/stor/prova/", asked)
    if status != 303:
        raise SystemExit(f"the sandbox answers {status}")
    there = headers["Location"].partition("#")[0]
    visitor.page(there)
    return time.perf_counter() - before, there


def ask_all(visitor: Visitor) -> list[Measured]:
    """Ask for every page once, and count the bytes of a first view."""
    found = []
    for label in PAGES:
        one = Measured(label)
        status, headers, _body = visitor.ask(address(label))
        if status != 200:
            one.faults.append(f"answers {status}")
        elif any(name.lower() == "set-cookie" for name in headers):
            one.faults.append("sets a cookie")
        else:
            one.load = first_load(visitor, address(label))
        found.append(one)
    return found


def let_settle(server: subprocess.Popen[bytes]) -> float:
    """Wait until the server has read what it reads by itself; return how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < SETTLE_SECONDS:
        before = used_by(server.pid)
        time.sleep(2)
        if used_by(server.pid) - before < 2 * QUIET_SHARE:
            break
    return time.monotonic() - began


def let_readers_in(port: int, pid: int, seconds: float, more: dict[str, str]) -> Load:
    """Put `RATE` questions a second, each at its time, and time the answers from then."""
    draw = random.Random(1)
    labels = [draw.choice(list(PAGES)) for _n in range(int(RATE * seconds))]
    waiting: queue.Queue[tuple[float, str] | None] = queue.Queue()
    found: queue.Queue[tuple[str, float, str]] = queue.Queue()

    def read() -> None:
        visitor = Visitor(port)
        visitor.more = more
        while (asked := waiting.get()) is not None:
            due, label = asked
            fault = ""
            try:
                status = visitor.ask(address(label))[0]
                fault = "" if status == 200 else f"answers {status}"
            except OSError as error:
                fault = str(error)
            found.put((label, time.perf_counter() - due, fault))

    threads = [threading.Thread(target=read, daemon=True) for _n in range(READERS)]
    for one in threads:
        one.start()
    watch, before = Busyness(), used_by(pid)
    begin = time.perf_counter() + 0.2
    late = []
    for n, label in enumerate(labels):
        due = begin + n / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        late.append(time.perf_counter() - due)
        waiting.put((due, label))
    for _one in threads:
        waiting.put(None)
    for one in threads:
        one.join(120)
    took = time.perf_counter() - begin
    answers = list(found.queue)
    work = (used_by(pid) - before) / max(len(answers), 1)
    return Load(answers, took, share_of(late, 0.95), watch.share(), work)


def look_inside(home: Path, rounds: int, found: list[Measured]) -> None:
    """Add queries and work to what was measured from outside."""
    pages = {one.label: address(one.label) for one in found}
    done = subprocess.run(
        [sys.executable, str(HERE / "inside.py"), "public", str(rounds)],
        env=environment(home),
        input=json.dumps(pages).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=1200,
    )
    told = json.loads(done.stdout)
    for one in found:
        row = told[one.label]
        one.first, one.work95 = row["first"], row["p95"]
        one.queries = row["queries"]


def show(found: list[Measured], by_work: bool) -> list[str]:
    """Print the table; return what breaks a limit."""
    head = ("p50", "p95", "anew p50", "p95", "work p95", "first", "queries", "first KB")
    print(f"{'page':<26}" + "".join(f"{word:>10}" for word in head))
    most = f"{1000 * LIMIT:.0f}"
    limits = ("", most, "", most, most, "", "", f"{FIRST_VIEW // 1024}")
    print(f"{'limits':<26}" + "".join(f"{word:>10}" for word in limits))

    def ms(value: float | None) -> str:
        return "-" if value is None else f"{1000 * value:.0f}"

    broken = []
    for one in found:
        why = one.broken(by_work)
        cells = [
            ms(share_of(clocks, share) if clocks else None)
            for clocks in (one.clocks, one.anew)
            for share in (0.5, 0.95)
        ]
        cells += [
            ms(one.work95),
            ms(one.first),
            str(one.queries or "-"),
            f"{one.load / 1024:.0f}" if one.load else "-",
        ]
        line = "".join(f"{cell:>10}" for cell in cells)
        print(f"{one.label:<26}{line}{'  ' + why if why else ''}")
        if why:
            broken.append(f"{one.label}: {why}")
    return broken


def judge(
    loads: dict[str, Load], changes: list[float], found: list[Measured]
) -> list[str]:
    """Print what came of the loads and of each page; return what breaks a limit."""
    by_label = {one.label: one for one in found}
    for name, load in loads.items():
        for label, clock, fault in load.answers:
            one = by_label[label]
            if fault:
                one.faults.append(fault)
            else:
                (one.anew if name == "made anew" else one.clocks).append(clock)
    others = max(load.others for load in loads.values())
    late = max(load.late for load in loads.values())
    by_work = others > BUSY or late > LIMIT / 2
    print(
        f"others took {100 * others:.0f} % of the machine; questions were put"
        f" {1000 * late:.0f} ms late at p95: limits held against the"
        f" {'work' if by_work else 'clock'}"
    )
    broken = show(found, by_work)
    for name, load in loads.items():
        p95 = share_of(load.clocks, 0.95)
        print(
            f"{name}: {RATE} questions a second in {load.seconds:.0f} s,"
            f" {len(load.clocks)} answers, p50 {1000 * share_of(load.clocks, 0.5):.0f}"
            f" ms, p95 {1000 * p95:.0f} ms (limit {1000 * LIMIT:.0f}),"
            f" p99 {1000 * share_of(load.clocks, 0.99):.0f} ms;"
            f" the server worked {1000 * load.work:.1f} ms an answer"
        )
        if not by_work and p95 > LIMIT:
            broken.append(f"{name}, all together: p95 {1000 * p95:.0f} ms")
    p95 = share_of(changes, 0.95)
    print(
        f"a change in the sandbox, with the page that shows it: p50"
        f" {1000 * share_of(changes, 0.5):.0f} ms, p95 {1000 * p95:.0f} ms"
        f" (limit {1000 * CHANGE:.0f})"
    )
    if p95 > CHANGE and not by_work:
        broken.append(f"a change in the sandbox: p95 {1000 * p95:.0f} ms")
    return broken


def run(home: Path, *, small: bool) -> int:
    """Fill, serve, measure; return 1 if a limit is broken."""
    fill(home, small)
    port, seconds = free_port(), 4 if small else SECONDS
    serve = [sys.executable, "-m", "rodtrad.web", "serve", "--no-examples"]
    log = (home / "serve.log").open("wb")
    server = subprocess.Popen(
        [*serve, "--port", str(port)], env=environment(home), stdout=log, stderr=log
    )
    try:
        wait_until_up(port, server)
        print(f"ready by itself after {let_settle(server):.0f} s", flush=True)
        visitor = Visitor(port)
        add_what_is_found(visitor)
        found = ask_all(visitor)
        let_readers_in(port, server.pid, 3, ANEW)
        loads = {
            "made anew": let_readers_in(port, server.pid, seconds, ANEW),
            "as readers ask": let_readers_in(port, server.pid, seconds, {}),
        }
        turns = range(1, (5 if small else ROUNDS) + 1)
        changes = [change_a_plan(visitor, turn)[0] for turn in turns]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        log.close()
    look_inside(home, 5 if small else ROUNDS, found)
    broken = judge(loads, changes, found)
    works = list(itertools.chain(one.work95 for one in found if one.work95))
    print(f"mean of the pages' work at p95: {1000 * sum(works) / len(works):.1f} ms")
    for text in broken:
        print(f"BROKEN {text}")
    return 1 if broken else 0


def main(arguments: list[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0] if __doc__ else ""
    )
    parser.add_argument("--home", type=Path)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.home:
        asked.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return run(asked.home.resolve(), small=asked.small)
    with tempfile.TemporaryDirectory(prefix="rodtrad-bench-") as folder:
        return run(Path(folder), small=asked.small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
