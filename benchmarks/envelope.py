"""How does sharing out go on real ballots? `python benchmarks/envelope.py [FOLDER]`.

Reads every `.pb` file of a folder ($RODTRAD_DATA/pabulib, else ../shared/data/pabulib),
compares most votes first with the winners that the file tells, and times equal shares,
with and without a krona more to each. Seconds are processor time. `--receipts` checks
every receipt as well; `--row` prints the sums as `key=value`.

Where the winners differ the file is asked which small change explains it: a tie settled
in another way, stopping at the first proposal that does not fit, a fewest number of
votes, another sum, or one proposal left aside. What is found is what is consistent with
the file, not what the place has said.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rodtrad.dialogue.checking import check_outcome
from rodtrad.dialogue.envelope import distribute, take_greedily
from rodtrad.dialogue.equal_shares import tie_ranks
from rodtrad.dialogue.receipts import build_receipt_book, build_result, receipt_rows
from rodtrad.sources.pabulib import read_pabulib_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rodtrad.domain.ballots import Envelope

GOAL_SECONDS = 600.0


def pabulib_files() -> list[Path]:
    """Return the `.pb` files at hand, sorted by name."""
    given = os.environ.get("RODTRAD_DATA")
    data = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    return sorted((data / "pabulib").glob("*.pb*"))


def told_winners(envelope: Envelope) -> frozenset[int] | None:
    """Return the proposals that the file says were selected; None if it says nothing."""
    told = [dict(p.facts).get("selected") for p in envelope.proposals]
    if not any(told):
        return None
    return frozenset(i for i, text in enumerate(told) if text == "1")


def explain_difference(envelope: Envelope, told: frozenset[int]) -> list[str]:
    """Return each small change of most votes first that gives the winners told."""
    order = _by_points(envelope)
    costs, whole = [p.cost_ore for p in envelope.proposals], envelope.sum_ore
    points, votes = envelope.points(), envelope.votes()
    found = []
    favoured = sorted(order, key=lambda i: (-points[i], i not in told))
    if _passes_over(favoured, costs, whole) == told:
        found.append("a tie settled in another way")
    if _stops(order, costs, whole) == told:
        found.append("stopped at the first that did not fit")
    limits = sorted({0, *votes, *(v + 1 for v in votes)})
    fits = [
        limit
        for limit in limits
        if _passes_over([i for i in order if votes[i] >= limit], costs, whole) == told
    ]
    if fits:
        found.append(f"only those with at least {fits[0]} to {fits[-1]} votes")
    spent = sum(costs[i] for i in told)
    if _passes_over(order, costs, spent) == told:
        found.append(f"another sum, such as {spent / 100:.0f}")
    for aside in order:
        rest = [i for i in order if i != aside]
        if _passes_over(rest, costs, whole) == told:
            found.append(f"without {envelope.proposals[aside].proposal_id}")
    return found


def _by_points(envelope: Envelope) -> list[int]:
    points, ranks = envelope.points(), tie_ranks(envelope)
    return sorted(range(len(points)), key=lambda i: (-points[i], ranks[i]))


def _passes_over(
    order: Sequence[int], costs: Sequence[int], left: int
) -> frozenset[int]:
    chosen = []
    for i in order:
        if costs[i] <= left:
            chosen.append(i)
            left -= costs[i]
    return frozenset(chosen)


def _stops(order: Sequence[int], costs: Sequence[int], left: int) -> frozenset[int]:
    chosen = []
    for i in order:
        if costs[i] > left:
            break
        chosen.append(i)
        left -= costs[i]
    return frozenset(chosen)


class _Tally:
    """What has been found over the files so far; seconds of processor time."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(
            ("files", "ballots", "told", "equal", "approval_files", "receipts_wrong"), 0
        )
        self.seconds = dict.fromkeys(("read", "none", "add1", "check"), 0.0)
        self.used = dict.fromkeys(("none", "add1"), 0.0)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the seconds of a block to those of its kind."""
        start = time.process_time()
        yield
        self.seconds[what] += time.process_time() - start

    def compare(self, name: str, envelope: Envelope) -> None:
        """Set most votes first beside the winners told, and explain a difference."""
        told = told_winners(envelope)
        if told is None:
            return
        equal = frozenset(take_greedily(envelope, (), envelope.sum_ore)) == told
        self.counts["told"] += 1
        self.counts["equal"] += equal
        if not equal:
            why = "; ".join(explain_difference(envelope, told)) or "not explained"
            print(f"{name}: {why}", flush=True)

    def share_out(self, envelope: Envelope, check: bool) -> None:
        """Time equal shares both ways, and check the receipts of the last one."""
        self.counts["approval_files"] += 1
        for completion in ("none", "add1"):
            with self.timed(completion):
                outcome = distribute(envelope, completion=completion)
            spent = sum(envelope.proposals[i].cost_ore for i in outcome.elected)
            self.used[completion] += spent / envelope.sum_ore
        if check and outcome.shares is not None:
            with self.timed("check"):
                rows = list(receipt_rows(envelope, outcome.shares))
                book = build_receipt_book(outcome.shares)
                result = build_result(envelope, outcome)
                wrong = check_outcome(envelope, result, book, rows)
            self.counts["receipts_wrong"] += bool(wrong)

    def facts(self) -> dict[str, str]:
        """Return everything found, as text."""
        files = max(self.counts["approval_files"], 1)
        return (
            {key: str(value) for key, value in self.counts.items()}
            | {f"seconds_{key}": f"{value:.1f}" for key, value in self.seconds.items()}
            | {
                f"used_{key}": f"{value / files:.3f}"
                for key, value in self.used.items()
            }
            | {"within_goal": str(sum(self.seconds.values()) <= GOAL_SECONDS)}
        )


def main(arguments: Sequence[str]) -> int:
    """Run all files and print what was found."""
    folders = [Path(a) for a in arguments if not a.startswith("--")]
    paths = sorted(folders[0].glob("*.pb*")) if folders else pabulib_files()
    if not paths:
        print("RODTRAD_DATA: the larger data are not here")
        return 1
    tally = _Tally()
    for path in paths:
        with tally.timed("read"):
            envelope, _issues = read_pabulib_file(path)
        tally.counts["files"] += 1
        tally.counts["ballots"] += len(envelope.ballots)
        tally.compare(path.name, envelope)
        if envelope.kind == "approval":
            tally.share_out(envelope, "--receipts" in arguments)
    separator = " " if "--row" in arguments else "\n"
    print(separator.join(f"{key}={value}" for key, value in tally.facts().items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
