"""What is public in the municipality that is walked? Two plans, and all that is open.

Leaves out what everything is (`web.public.everything`), and the states of what staff
does beside it (`states`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from web.public.everything import make_everything

from rodtrad import study as core
from rodtrad.domain.components import build_tables
from rodtrad.web import computing, jobs, store

if TYPE_CHECKING:
    from web.small import Records

    from rodtrad.web.models import Municipality, Study, User

GONE: Final = "bad"


def _with_a_bath(rows: Records) -> Records:
    """Return the underlag with one project more, which the later plan does not have."""
    data = {name: list(table) for name, table in rows.items() if name != "viewpoints"}
    for table in data.values():
        table += [
            {**row, "project_id": GONE}
            for row in table
            if row.get("project_id") == "park"
        ]
    data["projects"][-1]["name"] = "Nytt badhus"
    return data


def _study(
    place: Municipality, who: User, name: str, rows: Records, **asked: Any
) -> Study:
    tables = build_tables(rows)
    done = core.run(tables, core.Settings(time_limit=5, seed=1, **asked))
    store.write_tables(place.underlag, tables)
    version = store.make_version(place.underlag, name, who)
    proofs = done.certificates
    return jobs.store_finished(
        version,
        name,
        computing.packed_json(done.result),
        None if proofs is None else computing.packed_json(proofs),
    )


def fill_public(place: Municipality, who: User, rows: Records) -> dict[str, str]:
    """Publish two plans of a municipality and fill it; return address by what is seen.

    Afterwards the working copy is `rows`, and its plan with everything the newest.
    """
    earlier = _with_a_bath(rows)
    asked = {"only": ("plan", "reasons"), "draws": 1}
    first = _study(place, who, "Den första offentliga", earlier, **asked)
    second = _study(place, who, "Den andra offentliga", rows, draws=50)
    return make_everything(place, who, first, second).pages()
