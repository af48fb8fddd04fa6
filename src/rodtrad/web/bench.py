"""What lies on someone's workbench? Choices, locks and what can be undone.

It lies in the person's own session: nobody else sees it, and nothing is stored with the
municipality until it is saved as a plan. What each choice gives is reckoned by the core
(`explain.workbench`); what stays the same for a study is kept in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock as Mutex
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from rodtrad.domain.arrays import Choice, Lock
from rodtrad.domain.words import SWEDISH, in_language
from rodtrad.explain.workbench import Bench, build_bench
from rodtrad.web import store

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rodtrad.domain.arrays import Case, Project
    from rodtrad.web.models import Municipality, Study

UNDOS: Final = 100
_KEPT: Final = 8
_benches: OrderedDict[str, Bench] = OrderedDict()
_mutex = Mutex()

State = tuple[str, int] | None


class CannotError(Exception):
    """What was asked for cannot be done; the text says why, to the person."""


@in_language(SWEDISH)
def bench_of(study: Study) -> Bench:
    """Return the workbench of a finished study; built once in a process, for all."""
    key = study.mark
    with _mutex:
        if key in _benches:
            _benches.move_to_end(key)
            return _benches[key]
    plan = study.plan
    if plan is None:
        msg = "the study has no plan"
        raise ValueError(msg)
    found = build_bench(store.version_tables(study.version), plan)
    with _mutex:
        _benches[key] = found
        while len(_benches) > _KEPT:
            _benches.popitem(last=False)
    return found


@dataclass
class Work:
    """What lies on the bench: the study it began from, and what was done since.

    `choices` is alternative and start year by project; `undo` the project and what it
    was before each change, the last one last. `locks` are projects that the planner
    must leave as they are.
    """

    study: int
    choices: dict[str, tuple[str, int]]
    locks: set[str] = field(default_factory=set)
    undo: list[tuple[str, State]] = field(default_factory=list)

    @classmethod
    def begin(cls, study: Study) -> Work:
        """Return a bench with the plan of a study on it."""
        bench = bench_of(study)
        return cls(study.pk, {c.project_id: (c[1], c[2]) for c in bench.choices})

    @classmethod
    def read(cls, request: HttpRequest, municipality: Municipality) -> Work | None:
        """Return what lies in the session, if anything that can be read does."""
        data = request.session.get(_key(municipality))
        if not isinstance(data, dict):
            return None
        return cls(
            data["study"],
            {key: (of[0], of[1]) for key, of in data["choices"].items()},
            set(data["locks"]),
            [(key, None if of is None else (of[0], of[1])) for key, of in data["undo"]],
        )

    def write(self, request: HttpRequest, municipality: Municipality) -> None:
        """Keep it in the session."""
        request.session[_key(municipality)] = {
            "study": self.study,
            "choices": {key: list(of) for key, of in self.choices.items()},
            "locks": sorted(self.locks),
            "undo": [[key, None if of is None else list(of)] for key, of in self.undo],
        }

    def chosen(self) -> tuple[Choice, ...]:
        """Return the choices, sorted by project."""
        return tuple(Choice(key, *self.choices[key]) for key in sorted(self.choices))

    def before(self) -> tuple[Choice, ...]:
        """Return the choices as they were before the last change."""
        if not self.undo:
            return self.chosen()
        key, was = self.undo[-1]
        rest = {k: of for k, of in self.choices.items() if k != key}
        if was is not None:
            rest[key] = was
        return tuple(Choice(k, *rest[k]) for k in sorted(rest))

    # ------------------------------------------------------------------ changes

    def put(self, case: Case, key: str, to: State) -> None:
        """Give a project another state, so that it can be undone.

        Raises:
            CannotError: it is locked, or cannot be in use within the plan.
        """
        project = known_project(case, key)
        if key in self.locks:
            raise CannotError(
                _("”{p}” är låst. Lås upp det först.").format(p=project.name)
            )
        if to is not None:
            first, last = possible_starts(case, project, to[0])
            if not first <= to[1] <= last:
                raise CannotError(
                    _("”{p}” kan starta {a}–{b} för att bli klart inom planen.").format(
                        p=project.name, a=first, b=last
                    )
                    if first <= last
                    else _("”{p}” hinner inte bli klart inom planen.").format(
                        p=project.name
                    )
                )
        was = self.choices.get(key)
        if was == to:
            return
        self.undo = [*self.undo[-UNDOS + 1 :], (key, was)]
        if to is None:
            del self.choices[key]
        else:
            self.choices[key] = to

    def step(self, bench: Bench, key: str, years: int) -> None:
        """Move a project some years; one that is out comes in.

        Raises:
            CannotError: as `put`.
        """
        own = self.choices.get(key)
        if own is None:
            self.toggle(bench, key)
        else:
            self.put(bench.case, key, (own[0], own[1] + years))

    def toggle(self, bench: Bench, key: str) -> None:
        """Take a project in, as it was in the plan or as early as it can, or out.

        Raises:
            CannotError: as `put`.
        """
        case = bench.case
        project = known_project(case, key)
        if key in self.choices:
            self.put(case, key, None)
            return
        own = next((c for c in bench.choices if c.project_id == key), None)
        if own is not None:
            self.put(case, key, (own.alternative_id, own.start_year))
            return
        alternative = project.alternatives[0]
        starts = case.starts(project, alternative)
        year = starts[0] if len(starts) else case.plan_start
        self.put(case, key, (alternative.alternative_id, year))

    def switch(self, case: Case, key: str, alternative_id: str) -> None:
        """Give a project another alternative, starting as before or as near as can be.

        Raises:
            CannotError: as `put`.
        """
        project = known_project(case, key)
        if alternative_id not in {a.alternative_id for a in project.alternatives}:
            raise CannotError(_("Det alternativet finns inte längre."))
        first, last = possible_starts(case, project, alternative_id)
        own = self.choices.get(key)
        year = project.earliest_year if own is None else own[1]
        self.put(case, key, (alternative_id, min(max(year, first), max(first, last))))

    def take_back(self) -> str | None:
        """Undo the last change and return the project, or None if there is none."""
        if not self.undo:
            return None
        key, was = self.undo.pop()
        self.locks.discard(key)
        if was is None:
            self.choices.pop(key, None)
        else:
            self.choices[key] = was
        return key

    def as_locks(self) -> tuple[Lock, ...]:
        """Return the locked projects as what the planner must keep."""
        return tuple(
            Lock(key, True, *self.choices[key])
            if key in self.choices
            else Lock(key, included=False)
            for key in sorted(self.locks)
        )


def known_project(case: Case, key: str) -> Project:
    """Return a project.

    Raises:
        CannotError: there is none with this id.
    """
    try:
        return case.project(key)
    except KeyError:
        raise CannotError(_("Projektet finns inte i den här planen.")) from None


def possible_starts(
    case: Case, project: Project, alternative_id: str
) -> tuple[int, int]:
    """Return the first and last year from which an alternative is in use in time.

    Raises:
        CannotError: there is no such alternative.
    """
    try:
        alternative = project.alternative(alternative_id)
    except KeyError:
        raise CannotError(_("Det alternativet finns inte längre.")) from None
    return case.plan_start, case.plan_end - alternative.build_years


def _key(municipality: Municipality) -> str:
    return f"arbetsbank:{municipality.pk}"
