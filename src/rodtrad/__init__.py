"""Röd tråd: from needs, to economic capacity, to a plan that anyone can check.

In a notebook: `from rodtrad import read, run`; `study = run(read("underlag.xlsx"))`.
"""

from typing import Any

__all__ = ["read", "run"]


def __getattr__(name: str) -> Any:
    """Import the two doors late, so that the command line starts at once."""
    if name == "read":
        from rodtrad.sources.underlag import read_tables as read

        return read
    if name == "run":
        from rodtrad.study import run

        return run
    raise AttributeError(name)
