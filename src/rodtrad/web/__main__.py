"""How is the application started, copied and put back? `python -m rodtrad.web COMMAND`.

serve starts everything on one machine; worker only computes; batch computes many
underlag; backup and restore copy a whole home; manage hands on to Django's own commands.
Leaves out every page.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rodtrad.web.settings")


def prepare_home() -> Path:
    """Return the home, made if need be, with a secret key that only its owner reads."""
    home = Path(os.environ.get("RODTRAD_HOME", "").strip() or "rodtrad-data").resolve()
    os.environ["RODTRAD_HOME"] = str(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = home / "secret-key"
    if not secret.exists() and not os.environ.get("RODTRAD_SECRET_KEY"):
        from django.core.management.utils import get_random_secret_key

        text = get_random_secret_key() + get_random_secret_key()
        # refuses if another process was first: then its key is the one
        try:
            handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return home
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    return home


def _django() -> None:
    import django

    django.setup()


def _serve(options: argparse.Namespace) -> int:
    from rodtrad.web import serving

    return serving.serve(
        host=options.host,
        port=options.port,
        processes=options.processes,
        examples=not options.no_examples,
        new_password=options.new_password,
    )


def _worker(options: argparse.Namespace) -> int:
    _django()
    from rodtrad.web import worker

    return worker.run(once=options.once)


def _backup(options: argparse.Namespace) -> int:
    _django()
    from rodtrad.web import backup

    print(backup.write(options.file).told())
    return 0


def _restore(options: argparse.Namespace) -> int:
    _django()
    from rodtrad.web import backup

    print(backup.read(options.file, replace=options.replace).told())
    return 0


def _batch(options: argparse.Namespace) -> int:
    from rodtrad.study import PARTS
    from rodtrad.web import batch
    from rodtrad.web.computing import executor_named

    asked = {"time_limit": options.time_limit}
    if options.only:
        asked["only"] = [part for part in PARTS if part in options.only.split(",")]
    if options.scenario:
        asked["scenario"] = options.scenario
    # plans are stored in the database, which nobody may put a copy of back meanwhile
    held: AbstractContextManager[object] = nullcontext()
    if options.all:
        _django()
        from rodtrad.web import in_use

        held = in_use.serving()
    with held:
        items = batch.items_of_all() if options.all else batch.items_of(options.folder)
        name = options.executor or os.environ.get("RODTRAD_EXECUTOR") or "process"
        executor = executor_named(name, os.environ.get("RODTRAD_DASK", ""))
        return batch.run(items, executor, options.out, asked, as_json=options.json)


def _manage(arguments: Sequence[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m rodtrad.web manage", *arguments])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rodtrad.web")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(
        name: str, act: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name)
        one.set_defaults(act=act)
        return one

    serve = add("serve", _serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--processes", type=int, default=2)
    serve.add_argument("--no-examples", action="store_true")
    serve.add_argument("--new-password", action="store_true")
    add("worker", _worker).add_argument("--once", action="store_true")
    add("backup", _backup).add_argument("file", type=Path)
    restore = add("restore", _restore)
    restore.add_argument("file", type=Path)
    restore.add_argument("--replace", action="store_true")
    batch = add("batch", _batch)
    what = batch.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?")
    what.add_argument("--all", action="store_true")
    batch.add_argument("--out", type=Path, default=Path("ut"))
    batch.add_argument("--executor", choices=("process", "dask"))
    batch.add_argument("--time-limit", type=float, default=60.0)
    batch.add_argument("--only", default="")
    batch.add_argument("--scenario", default="")
    batch.add_argument("--json", action="store_true")
    return parser


EXIT_INPUT: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; a refusal is told in plain words."""
    from rodtrad.errors import RodtradError, SourceError

    # a folder of underlag needs no home
    homeless = arguments[:1] == ["batch"] and "--all" not in arguments
    try:
        if not homeless:
            prepare_home()
    except OSError as error:
        place = os.environ.get("RODTRAD_HOME", "")
        print(f"Det går inte att skriva i {place}: {error.strerror}.", file=sys.stderr)
        return EXIT_INPUT
    if arguments[:1] == ["manage"]:
        return _manage(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        code: int = options.act(options)
    except RodtradError as error:
        remedy = error.remedy if isinstance(error, SourceError) else ""
        print(f"{error} {remedy}".strip(), file=sys.stderr)
        return EXIT_INPUT
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
