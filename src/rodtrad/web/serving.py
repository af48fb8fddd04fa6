"""How does one machine serve the whole application? Web and worker, side by side.

Makes a fresh home ready (database, examples, static files), says how to log in, starts
the web server and a worker as child processes, and stops both when asked to. Leaves out
what the worker does (jobs) and the settings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import django
from django.utils.translation import gettext as _

from rodtrad.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PATIENCE_SECONDS: Final = 30.0
# The web server reads every page in before it answers; a busy machine takes its time.
_START_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.2
# A worker that falls over at once is not started again without end.
_RESTARTS: Final = 5
_RESTART_WINDOW_SECONDS: Final = 60.0


def check_port(host: str, port: int) -> None:
    """Raise SourceError, in words, unless the port can be listened to."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        code = getattr(error, "errno", None)
        if code == 98 or "in use" in str(error):
            raise SourceError(
                _("Port {port} används redan av ett annat program.").format(port=port),
                _("Stäng det, eller välj en annan: rodtrad serve --port {next}").format(
                    next=port + 1
                ),
                code="port_taken",
            ) from error
        if code == 13:
            raise SourceError(
                _("Port {port} kräver systemets egna rättigheter.").format(port=port),
                _("Välj en port över 1023, till exempel --port 8000."),
                code="port_forbidden",
            ) from error
        raise SourceError(
            _("Det går inte att lyssna på {host}, port {port}.").format(
                host=host, port=port
            ),
            _("Kontrollera --host och --port."),
            code="port_unusable",
        ) from error


# ---------------------------------------------------------------- a home made ready


def _static_files() -> list[tuple[str, Path]]:
    """Every static file by its address; of two with one address the first counts."""
    from django.contrib.staticfiles.finders import get_finders

    found: dict[str, Path] = {}
    for finder in get_finders():
        for name, storage in finder.list([]):
            prefix = getattr(storage, "prefix", "")
            address = f"{prefix}/{name}" if prefix else str(name)
            found.setdefault(address, Path(storage.path(name)))
    return sorted(found.items())


def collect_static() -> None:
    """Copy the static files to the home, compressed, unless they are there already."""
    from django.conf import settings
    from whitenoise.compress import Compressor

    files = _static_files()
    digest = hashlib.sha256()
    for name, path in files:
        facts = path.stat()
        digest.update(f"{name}|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    root = Path(settings.COLLECTED_STATIC)
    stamp = root / ".stamp"
    wanted = digest.hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    fresh = root.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    compressor = Compressor(use_brotli=False, quiet=True)
    for name, path in files:
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if compressor.should_compress(str(target)):
            for _made in compressor.compress(str(target)):
                pass
    fresh.mkdir(parents=True, exist_ok=True)
    (fresh / ".stamp").write_text(wanted, "utf-8")
    shutil.rmtree(root, ignore_errors=True)
    fresh.rename(root)


def make_ready(*, examples: bool, new_password: bool) -> list[str]:
    """Bring the home up to date; return what to tell about logging in, line by line."""
    from django.core.management import call_command
    from django.db.utils import DatabaseError

    from rodtrad.web import cases
    from rodtrad.web.models import Municipality

    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise SourceError(
            _("Databasen går inte att öppna: {why}").format(
                why=str(error).strip().splitlines()[0]
            ),
            _("Kontrollera RODTRAD_DATABASE, eller mappen {home}.").format(
                home=os.environ["RODTRAD_HOME"]
            ),
        ) from error
    collect_static()
    if examples and not Municipality.objects.exists():
        loaded = cases.load()
        if loaded.municipalities:
            cases.order_studies(loaded.municipalities)
            return _how_to_log_in(loaded.password, first=True)
    if new_password:
        return _how_to_log_in(cases.new_password(), first=False)
    if cases.has_example_users():
        return [
            _(
                "Exempelanvändarna har samma lösenord som förut; ett nytt ges med --new-password."
            )
        ]
    if not Municipality.objects.exists():
        return [
            _("Här finns ingen kommun än. Lägg upp den första med:"),
            "  python -m rodtrad.web manage new_municipality",
        ]
    return []


def _how_to_log_in(password: str, *, first: bool) -> list[str]:
    from rodtrad.web import cases
    from rodtrad.web.models.organisation import Role

    lines = [
        _("Logga in med någon av exempelanvändarna:"),
        "  "
        + _("ekonom i Vimmerby    {address}").format(
            address=cases.address(Role.EKONOM, "vimmerby")
        ),
        "  "
        + _("ekonom i Exempelby   {address}").format(
            address=cases.address(Role.EKONOM, "exempelby")
        ),
        "  "
        + _("Andra roller: byt ekonom mot {roles}.").format(
            roles=", ".join(role.value for role in Role if role != Role.EKONOM)
        ),
        _("Lösenord för dem alla: {password}").format(password=password),
    ]
    if first:
        lines.append(_("Lösenordet visas bara nu; ett nytt ges med --new-password."))
    return lines


# ---------------------------------------------------------------- child processes


class _Children:
    """The web server and the worker; stopped together."""

    def __init__(self, web: Sequence[str], worker: Sequence[str], lock: int) -> None:
        self._worker_command = worker
        self.stopping = False
        self._falls: list[float] = []
        # the home is in use for as long as the web server lives, whatever befalls us
        self.web = subprocess.Popen(web, pass_fds=(lock,))  # noqa: S603
        self.worker = subprocess.Popen(worker)  # noqa: S603 - our own interpreter

    def stop(self) -> None:
        """Ask both to stop, wait, and then insist."""
        self.stopping = True
        children = (self.web, self.worker)
        for child in children:
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
        until = time.monotonic() + _PATIENCE_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def look(self) -> int | None:
        """Start a fallen worker again; return an exit code when all should end."""
        if self.web.poll() is not None:
            return 3
        if self.worker.poll() is not None:
            now = time.monotonic()
            self._falls = [t for t in self._falls if now - t < _RESTART_WINDOW_SECONDS]
            self._falls.append(now)
            if len(self._falls) > _RESTARTS:
                print(
                    _("Räknaren går inte att hålla igång. Allt stängs."),
                    file=sys.stderr,
                )
                return 3
            print(_("Räknaren stannade och startas igen."), file=sys.stderr)
            self.worker = subprocess.Popen(self._worker_command)  # noqa: S603
        return None


def _wait_until_up(host: str, port: int, children: _Children) -> bool:
    """Whether the web server answers, before it falls or patience ends."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and children.web.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((target, port), 1):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _gunicorn(host: str, port: int, processes: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "rodtrad.web.wsgi:application"]
    # each process reads the newest plans before anybody asks
    command += ["--config", "python:rodtrad.web.warming"]
    command += ["--bind", bind, "--workers", str(processes), "--threads", "4"]
    command += ["--worker-class", "gthread", "--preload", "--no-control-socket"]
    command += ["--timeout", "60", "--graceful-timeout", "10", "--log-level", "warning"]
    # requests come through a proxy of the municipality's own, if at all
    command += ["--forwarded-allow-ips", os.environ.get("RODTRAD_PROXIES", "127.0.0.1")]
    memory = Path("/dev/shm")  # noqa: S108 - heartbeats of the web processes only
    if memory.is_dir() and os.access(memory, os.W_OK):
        command += ["--worker-tmp-dir", str(memory)]
    return command


class _StopError(Exception):
    """Somebody asked the server to stop."""


def _asked_to_stop(_signal: int, _frame: FrameType | None) -> None:
    raise _StopError


def serve(
    *, host: str, port: int, processes: int, examples: bool, new_password: bool
) -> int:
    """Serve until told to stop; return the exit code.

    Raises:
        SourceError: the port is taken, the database cannot be opened, or a copy is
            being put back.
    """
    django.setup()
    check_port(host, port)
    from rodtrad.web import in_use

    with in_use.serving() as lock:
        lines = make_ready(examples=examples, new_password=new_password)
        return _serve(host, port, processes, lines, lock)


def _serve(
    host: str, port: int, processes: int, lines: Sequence[str], lock: int
) -> int:
    from django.db import connections

    connections.close_all()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _asked_to_stop)
    try:
        children = _Children(
            _gunicorn(host, port, processes),
            [sys.executable, "-m", "rodtrad.web", "worker"],
            lock,
        )
    except _StopError:
        return 0
    try:
        if not _wait_until_up(host, port, children):
            print(_("Webbservern startade inte. Se raderna ovan."), file=sys.stderr)
            return 3
        _tell(host, port, lines)
        while True:
            code = children.look()
            if code is not None:
                return code
            time.sleep(_LOOK_SECONDS)
    except _StopError:
        print("\n" + _("Stänger …"), flush=True)
        return 0
    finally:
        _ignore_further_signals()
        children.stop()


def _ignore_further_signals() -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)


def _tell(host: str, port: int, lines: Sequence[str]) -> None:
    shown = "localhost" if host in _LOOPBACK or host in ("0.0.0.0", "::") else host  # noqa: S104
    told: list[Any] = [
        "",
        _("Röd tråd är igång: http://{host}:{port}/").format(host=shown, port=port),
        *lines,
    ]
    if host not in _LOOPBACK and not os.environ.get("RODTRAD_HOSTS"):
        told.append(
            _("Andra datorer når den först när RODTRAD_HOSTS säger vad den heter där.")
        )
    told.append(_("Avsluta med Ctrl-C."))
    print("\n".join(told), flush=True)
