"""How fast does the application answer, with 10,000 projects in its database?

`python benchmarks/web/run.py` fills a home of its own (fill.py), starts `rodtrad serve`
in it as shipped, logs in over HTTP, and asks for every list, project page, dashboard and
grid, moves a project on the workbench, and lets 50 readers in at once. Prints a table
with each page's limits: time, queries, and the bytes on the wire of a first visit (the
map apart). Exits 1 when a limit is broken. Asks 127.0.0.1 only, and stops by itself.

`clock` is seconds from question to answer over HTTP; `work` what the server's processor
did for it (inside.py). A busy machine stretches the clock and not the work, so where
other programs took more than `BUSY` of the machine the limits are held against the work,
and the table says so.

`--home FOLDER` keeps the home and uses it again; `--profile ADDRESS` only shows where
the time of one page goes; `--small` is a trial run with few rows and questions.
"""

from __future__ import annotations

import argparse
import gzip
import html.parser
import http.client
import json
import os
import queue
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

HERE = Path(__file__).parent
LIST, DASHBOARD, CHANGE = 0.150, 0.300, 0.500
FIRST_LOAD = 400 * 1024
# The map fetches its own drawing of the country.
ANY_LOAD = frozenset({"map", "map data"})
# The tests hold each page to its own number; no page may pass this one.
MOST_QUERIES = 40
# Pages that only some roles reach: readers leave them alone.
FOR_SOME = frozenset(
    {
        "project, to change",
        "a large change",
        "workbook to approve",
        "events",
        "events of a person",
    }
)
READERS, ASKED_EACH, READERS_SECONDS = 50, 8, 180.0
ROUNDS = 20
ENOUGH_SECONDS = 10.0
BUSY = 0.15
PROJECTS, COMPONENTS, PLANNER_SECONDS = 10_000, 100_000, 15

PAGES: dict[str, tuple[str, float]] = {
    "projects": ("projekt/", LIST),
    "projects, filtered": ("projekt/?q=skola&plan=ingar", LIST),
    "projects, by outlay": ("projekt/?ordning=-utgift&sida=40", LIST),
    "board": ("projekt/tavla/", LIST),
    "timeline": ("projekt/tidslinje/", LIST),
    "map": ("projekt/karta/", LIST),
    "map data": ("projekt/karta.json", LIST),
    "project of the plan": ("projekt/p0001/", LIST),
    "project outside": ("projekt/q05000/", LIST),
    "project, to change": ("projekt/p0002/andra/", LIST),
    "underlag": ("underlag/", LIST),
    "sheet of projects": ("underlag/projekt/", LIST),
    "sheet of components": ("underlag/komponenter/", LIST),
    "components, far": ("underlag/komponenter/?sida=900", LIST),
    "components, filtered": ("underlag/komponenter/?text=hiss", LIST),
    "components, sorted": ("underlag/komponenter/?ordning=-replacement_cost", LIST),
    "components, by text": ("underlag/komponenter/?ordning=component&sida=500", LIST),
    "components, column": (
        "underlag/komponenter/?text=hiss&kolumn=component&ordning=asset_id",
        LIST,
    ),
    "changes": ("underlag/andringar/", LIST),
    "a large change": ("underlag/andringar/3/", LIST),
    "workbook to approve": ("underlag/inlasning/1/", LIST),
    "versions": ("versioner/", LIST),
    "events": ("handelser/", LIST),
    "events of a person": ("handelser/?sida=100", LIST),
    "reported needs": ("behov/anmalda/", LIST),
    "goals and vision": ("mal/", LIST),
    "studies": ("studier/", LIST),
    "search": ("sok/?q=skola", LIST),
    "overview": ("", DASHBOARD),
    "plan": ("studier/2/", DASHBOARD),
    "needs per year": ("behov/", DASHBOARD),
    "room": ("utrymme/", DASHBOARD),
    "statements": ("utrymme/rakenskaper/", DASHBOARD),
    "balance requirement": ("utrymme/balanskrav/", DASHBOARD),
    "goals": ("utrymme/mal/", DASHBOARD),
    "debt": ("utrymme/skuld/", DASHBOARD),
    "levers": ("utrymme/spakar/", DASHBOARD),
    "why": ("skal/", DASHBOARD),
    "reserve list": ("reserv/", DASHBOARD),
    "compare": ("jamfor/?plan=1&plan=2", DASHBOARD),
    "agreement map": ("enighet/", DASHBOARD),
    "for the meeting": ("mote/", DASHBOARD),
    "workbench": ("arbetsbank/", DASHBOARD),
}


# ---------------------------------------------------------------- asking


class Visitor:
    """Somebody with a browser: cookies, and one connection that is kept open."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self._port = port
        self.cookies = dict(cookies or {})
        self.more: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, address: str, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body as they were sent; redirects not followed."""
        headers = {
            "Host": f"localhost:{self._port}",
            "Accept-Encoding": "gzip",
            "Accept-Language": "sv",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            **self.more,
        }
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=60
                )
            try:
                method = "GET" if form is None else "POST"
                self._connection.request(method, address, body, headers)
                answer = self._connection.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, ConnectionError):
                # the server closes a connection that has been idle
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise
        for value in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer.status, dict(answer.headers), content

    def page(self, address: str) -> str:
        """Return the text of a page."""
        _status, headers, content = self.ask(address)
        return plain(headers, content).decode("utf-8", "replace")

    def log_in(self, email: str, password: str) -> None:
        """Log in as people do: by the form."""
        token = token_in(self.page("/konto/login/"))
        form = {"csrfmiddlewaretoken": token, "login": email, "password": password}
        status, _headers, _body = self.ask("/konto/login/", form)
        if status != 302:
            raise SystemExit(f"{email} could not log in: {status}")


def plain(headers: dict[str, str], content: bytes) -> bytes:
    """Return a body, unpacked if it was sent packed."""
    found = {k.lower(): v for k, v in headers.items()}
    return (
        gzip.decompress(content)
        if "gzip" in found.get("content-encoding", "")
        else content
    )


def token_in(page: str) -> str:
    """Return the token that a form of the page carries."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise SystemExit("the page has no form with a token")
    return found[1]


def share_of(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# ---------------------------------------------------------------- how busy is it


def _ticks() -> tuple[float, float]:
    """Seconds of processor: all that were used on the machine, and all there were."""
    fields = [int(x) for x in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    hertz = os.sysconf("SC_CLK_TCK")
    return (sum(fields[:8]) - fields[3] - fields[4]) / hertz, sum(fields[:8]) / hertz


def used_by(pid: int) -> float:
    """Seconds of processor used by a process and all below it."""
    hertz = os.sysconf("SC_CLK_TCK")
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(words[1])
        used[int(entry.name)] = sum(int(words[i]) for i in (11, 12)) / hertz
    ours = {pid}
    while more := {p for p, above in parents.items() if above in ours} - ours:
        ours |= more
    return sum(used.get(p, 0.0) for p in ours)


class Busyness:
    """How large a share of the machine did others take, while this ran?"""

    def __init__(self) -> None:
        self._at = (_ticks(), used_by(os.getpid()))

    def share(self) -> float:
        """Return the share of the machine's processors, 0 to 1."""
        (used, there), ours = _ticks(), used_by(os.getpid())
        before, own_before = self._at
        spent = max(there - before[1], 1e-9)
        return max(0.0, (used - before[0] - (ours - own_before)) / spent)


# ---------------------------------------------------------------- first load


class _Assets(html.parser.HTMLParser):
    """The addresses that a page fetches before anybody does anything."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element fetches."""
        given = dict(attrs)
        wanted = {"script": "src", "img": "src"}.get(tag)
        if tag == "link" and (given.get("rel") or "") in (
            "stylesheet",
            "preload",
            "icon",
            "modulepreload",
        ):
            wanted = "href"
        address = given.get(wanted or "") or ""
        if address.startswith("/"):
            self.found.append(address)


def first_load(visitor: Visitor, address: str) -> int:
    """Return the bytes on the wire for a page and all it fetches, nothing in a cache."""
    _status, headers, content = visitor.ask(address)
    total = len(content)
    parser = _Assets()
    parser.feed(plain(headers, content).decode("utf-8", "replace"))
    waiting, seen = list(parser.found), set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        _status, headers, content = visitor.ask(one)
        total += len(content)
        if one.partition("?")[0].endswith(".css"):
            text = plain(headers, content).decode()
            inner = re.findall(r"url\(['\"]?([^'\")]+)", text)
            waiting += [
                urljoin(one, x) for x in inner if not x.startswith(("data:", "#"))
            ]
    return total


# ---------------------------------------------------------------- the measurements


@dataclass
class Measured:
    """What was found out about one page."""

    label: str
    limit: float
    clocks: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    work50: float | None = None
    work95: float | None = None
    queries: int | None = None
    load: int | None = None

    def broken(self, busy: bool) -> str:
        """Return what is wrong, or nothing."""
        bad = self.statuses - {200, 302}
        if bad:
            return f"answers {sorted(bad)}"
        held = self.work95 if busy and self.work95 is not None else None
        seconds = held if held is not None else share_of(self.clocks, 0.95)
        if seconds > self.limit:
            return f"over {1000 * self.limit:.0f} ms"
        if self.label not in ANY_LOAD and (self.load or 0) > FIRST_LOAD:
            return f"over {FIRST_LOAD // 1024} KB"
        if (self.queries or 0) > MOST_QUERIES:
            return f"over {MOST_QUERIES} queries"
        return ""


def ask_pages(visitor: Visitor, rounds: int) -> list[Measured]:
    """Ask for every page: twice for nothing, then `rounds` times."""
    found = []
    for label, (path, limit) in PAGES.items():
        one = Measured(label, limit)
        address = f"/stor/{path}"
        for _warm in range(4):
            one.statuses.add(visitor.ask(address)[0])
        if one.statuses == {200}:
            while len(one.clocks) < rounds and sum(one.clocks) < ENOUGH_SECONDS:
                before = time.perf_counter()
                one.statuses.add(visitor.ask(address)[0])
                one.clocks.append(time.perf_counter() - before)
            one.load = first_load(visitor, address)
        found.append(one)
    return found


def move_projects(visitor: Visitor, rounds: int) -> Measured:
    """Move projects on the workbench, one after the other."""
    one = Measured("workbench change", CHANGE)
    page = visitor.page("/stor/arbetsbank/")
    token = token_in(page)
    ids = re.findall(r'value="(?:senare|tidigare):([^"]+)"(?! disabled)', page)
    movable = list(dict.fromkeys(ids))
    if not movable:
        one.statuses.add(0)
        return one
    for n in range(rounds + 2):
        act = ("senare", "tidigare")[n % 2]
        form = {
            "csrfmiddlewaretoken": token,
            "gor": f"{act}:{movable[(n // 2) % len(movable)]}",
        }
        before = time.perf_counter()
        status, headers, _body = visitor.ask("/stor/arbetsbank/", form)
        if status in (302, 303):
            # the page that shows what came of it belongs to the change
            status = visitor.ask(headers["Location"].partition("#")[0])[0]
        if n >= 2:
            one.clocks.append(time.perf_counter() - before)
        one.statuses.add(status)
    return one


def let_readers_in(port: int, cookies: list[dict[str, str]]) -> dict[str, Any]:
    """Let `READERS` people read at once; return times and what went wrong."""
    faults: queue.Queue[str] = queue.Queue()
    clocks: queue.Queue[float] = queue.Queue()
    until = time.monotonic() + READERS_SECONDS
    together = threading.Barrier(READERS)

    def read(n: int) -> None:
        draw = random.Random(n)
        visitor = Visitor(port, cookies[n % len(cookies)])
        together.wait(30)
        for _asked in range(ASKED_EACH):
            if time.monotonic() > until:
                return
            label = draw.choice([page for page in PAGES if page not in FOR_SOME])
            before = time.perf_counter()
            try:
                status = visitor.ask(f"/stor/{PAGES[label][0]}")[0]
            except OSError as error:
                faults.put(f"{label}: {error}")
                continue
            clocks.put(time.perf_counter() - before)
            if status != 200:
                faults.put(f"{label}: {status}")

    threads = [threading.Thread(target=read, args=(n,)) for n in range(READERS)]
    began = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join(READERS_SECONDS + 70)
    times = list(clocks.queue)
    return {
        "answers": len(times),
        "seconds": time.perf_counter() - began,
        "p50": share_of(times, 0.5) if times else 0.0,
        "p95": share_of(times, 0.95) if times else 0.0,
        "faults": list(faults.queue),
    }


# ---------------------------------------------------------------- the server


def environment(home: Path) -> dict[str, str]:
    """Return the environment in which everything is started."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RODTRAD_")}
    return {
        **kept,
        "RODTRAD_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "rodtrad.web.settings",
    }


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def fill(home: Path, small: bool) -> str:
    """Fill the home unless it is filled already; return the password of its people."""
    kept = home / "bench-password"
    if kept.exists():
        return kept.read_text("utf-8")
    password = secrets.token_urlsafe(16)
    env = environment(home)
    manage = [sys.executable, "-m", "rodtrad.web", "manage"]
    subprocess.run([*manage, "migrate", "-v0"], env=env, check=True)
    sizes = (600, 2000, 5) if small else (PROJECTS, COMPONENTS, PLANNER_SECONDS)
    words = [sys.executable, str(HERE / "fill.py"), *map(str, sizes), password]
    subprocess.run(words, env=env, check=True)
    kept.write_text(password, "utf-8")
    kept.chmod(0o600)
    return password


def wait_until_up(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    for _look in range(600):
        if server.poll() is not None:
            raise SystemExit("the server stopped")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def look_inside(home: Path, rounds: int, found: list[Measured]) -> None:
    """Add queries and work to what was measured from outside."""
    pages = {
        one.label: f"/stor/{PAGES[one.label][0]}" for one in found if one.label in PAGES
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "inside.py"), "measure", str(rounds)],
        env=environment(home),
        input=json.dumps(pages).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=1200,
    )
    told = json.loads(done.stdout)
    for one in found:
        if one.label in told:
            row = told[one.label]
            one.work50, one.work95 = row["p50"], row["p95"]
            one.queries = row["queries"]


def show(found: list[Measured], busy: bool) -> list[str]:
    """Print the table; return what breaks a limit."""
    print(
        f"{'page':<22}{'limit':>6}{'clock p50':>11}{'p95':>7}{'work p50':>10}{'p95':>7}"
        f"{'queries':>9}{'first KB':>10}"
    )
    print(f"{'limits':<22}{'ms':>6}{'':>35}{MOST_QUERIES:>9}{FIRST_LOAD // 1024:>10}")
    broken = []
    for one in found:

        def ms(value: float | None) -> str:
            return "-" if value is None else f"{1000 * value:.0f}"

        clocks = one.clocks
        why = one.broken(busy)
        print(
            f"{one.label:<22}{1000 * one.limit:>6.0f}"
            f"{ms(share_of(clocks, 0.5) if clocks else None):>11}"
            f"{ms(share_of(clocks, 0.95) if clocks else None):>7}"
            f"{ms(one.work50):>10}{ms(one.work95):>7}{one.queries or '-':>9}"
            f"{one.load // 1024 if one.load else '-':>10}"
            f"{'  ' + why if why else ''}"
        )
        if why:
            broken.append(f"{one.label}: {why}")
    return broken


def run(home: Path, *, small: bool) -> int:
    """Fill, serve, measure; return 1 if a limit is broken."""
    password = fill(home, small)
    rounds = 5 if small else ROUNDS
    port = free_port()
    serve = [sys.executable, "-m", "rodtrad.web", "serve", "--no-examples"]
    log = (home / "serve.log").open("wb")
    server = subprocess.Popen(
        [*serve, "--port", str(port)], env=environment(home), stdout=log, stderr=log
    )
    try:
        wait_until_up(port, server)
        people = []
        for role in ("ekonom", "lasare", "chef", "forvaltning", "fortroendevald"):
            visitor = Visitor(port)
            visitor.log_in(f"{role}@stor.example", password)
            people.append(visitor)
        watch = Busyness()
        found = ask_pages(people[0], rounds)
        found.append(move_projects(people[0], rounds))
        others = watch.share()
        readers = let_readers_in(
            port, [one.cookies for one in people[:1] + people[2:4]]
        )
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(45)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()
    look_inside(home, rounds, found)
    busy = others > BUSY
    print(f"other programs took {100 * others:.0f} % of the machine", end="; ")
    print(
        "limits are held against the work"
        if busy
        else "limits are held against the clock"
    )
    broken = show(found, busy)
    print(
        f"{READERS} readers at once: {readers['answers']} answers in"
        f" {readers['seconds']:.0f} s, p50 {readers['p50']:.2f} s,"
        f" p95 {readers['p95']:.2f} s, {len(readers['faults'])} faults (limit 0)"
    )
    broken += [f"readers: {text}" for text in readers["faults"][:10]]
    for text in broken:
        print(f"BROKEN {text}")
    return 1 if broken else 0


def main(arguments: list[str]) -> int:
    """Run the benchmark, or profile one page of a home that has been filled."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0] if __doc__ else ""
    )
    parser.add_argument("--home", type=Path)
    parser.add_argument("--profile", metavar="ADDRESS")
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.profile:
        words = [sys.executable, str(HERE / "inside.py"), "profile", asked.profile]
        return subprocess.run(
            words, env=environment(asked.home), check=False
        ).returncode
    if asked.home:
        asked.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return run(asked.home.resolve(), small=asked.small)
    with tempfile.TemporaryDirectory(prefix="rodtrad-bench-") as folder:
        return run(Path(folder), small=asked.small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
