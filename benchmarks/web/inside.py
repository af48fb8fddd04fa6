"""What does a page cost inside the server? Queries and work, and where the work goes.

Started by `run.py` with RODTRAD_HOME set; asks the application without a network.
`inside.py measure ROUNDS` reads pages as JSON (address by label) and prints, as JSON, by
label: status, queries, p50 and p95 of work in seconds. `inside.py public ROUNDS` does the
same of pages that everyone may read, made anew each time, with the work for the first
reader. `inside.py profile ADDRESS` prints the functions that take the time.
"""

from __future__ import annotations

import cProfile
import gc
import json
import pstats
import re
import sys
import time
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from rodtrad.web.models import User  # noqa: E402

WHO = "ekonom@stor.example"
# A page gets at most so long in all, so that a slow one does not stop the others.
ENOUGH_SECONDS = 6.0


def share_of(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def a_client() -> Client:
    """Return a client in which the ekonom of the large municipality is logged in."""
    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.get(email=WHO), "django.contrib.auth.backends.ModelBackend"
    )
    return client


def measure(client: Client, address: str, rounds: int) -> dict[str, Any]:
    """Return status, queries and work of a page that has been asked for once already."""
    with CaptureQueriesContext(connection) as cold:
        status = client.get(address).status_code
    first = len(cold)
    with CaptureQueriesContext(connection) as warm:
        client.get(address)
    # the next question empties the list
    queries = len(warm)
    works: list[float] = []
    while len(works) < rounds and (len(works) < 3 or sum(works) < ENOUGH_SECONDS):
        before = time.process_time()
        client.get(address)
        works.append(time.process_time() - before)
    return {
        "status": status,
        "queries": queries,
        "first_queries": first,
        "p50": share_of(works, 0.5),
        "p95": share_of(works, 0.95),
    }


def measure_change(client: Client, rounds: int) -> dict[str, Any]:
    """Return the same of a change on the workbench and the page that shows it."""
    page = client.get("/stor/arbetsbank/").content.decode()
    ids = re.findall(r'value="(?:senare|tidigare):([^"]+)"(?! disabled)', page)
    movable = list(dict.fromkeys(ids)) or ["nothing"]
    works: list[float] = []
    status, queries = 0, 0
    for n in range(rounds):
        act = ("senare", "tidigare")[n % 2]
        form = {"gor": f"{act}:{movable[(n // 2) % len(movable)]}"}
        with CaptureQueriesContext(connection) as made:
            before = time.process_time()
            answer = client.post("/stor/arbetsbank/", form, follow=True)
            works.append(time.process_time() - before)
        status, queries = answer.status_code, len(made)
    return {
        "status": status,
        "queries": queries,
        "p50": share_of(works, 0.5),
        "p95": share_of(works, 0.95),
    }


def measure_public(pages: dict[str, str], rounds: int) -> dict[str, Any]:
    """Return the same of pages that everyone may read; `first` with nothing drawn."""
    import rodtrad.web.wsgi  # noqa: F401 - what the web server reads before it answers

    asked = {
        "host": "localhost",
        "accept-encoding": "gzip",
        "cache-control": "no-cache",
    }
    client = Client(headers=asked)
    first = {}
    for label, address in pages.items():
        before = time.process_time()
        client.get(address)
        first[label] = time.process_time() - before
    # as the server does when it has read the newest plans (rodtrad.web.warming)
    gc.collect()
    gc.freeze()
    return {
        label: measure(client, address, rounds) | {"first": first[label]}
        for label, address in pages.items()
    }


def profile(client: Client, address: str) -> None:
    """Print the functions that take the most, by themselves and with what they call."""
    client.get(address)
    watch = cProfile.Profile()
    watch.enable()
    client.get(address)
    watch.disable()
    found = pstats.Stats(watch)
    found.strip_dirs().sort_stats("cumulative").print_stats(35)
    found.sort_stats("tottime").print_stats(15)


def main(arguments: list[str]) -> int:
    """Measure or profile."""
    if arguments[0] == "public":
        shown = measure_public(json.load(sys.stdin), int(arguments[1]))
        print(json.dumps(shown))
        return 0
    client = a_client()
    if arguments[0] == "profile":
        profile(client, arguments[1])
        return 0
    pages: dict[str, str] = json.load(sys.stdin)
    found = {
        label: measure(client, address, int(arguments[1]))
        for label, address in pages.items()
    }
    found["workbench change"] = measure_change(client, int(arguments[1]))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
