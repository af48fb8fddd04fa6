"""`rodtrad serve` on a fresh machine: ready, says how to log in, stops when asked."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from web.foundation.homes import environment, run, script

from rodtrad.cli import run_command

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.home


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _read_until(server: subprocess.Popen[str], words: str) -> str:
    """What the server has printed when `words` come; fails if it ends before."""
    assert server.stdout is not None
    text = ""
    for line in server.stdout:
        text += line
        if words in line:
            return text
    raise AssertionError(text)


def _children(pid: int) -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat") as file:  # noqa: PTH123
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def _log_in(port: int, email: str, password: str) -> tuple[int, str]:
    """Log in as a browser does; return the status and where it leads."""
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    connection.request("GET", "/konto/login/")
    answer = connection.getresponse()
    page = answer.read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    cookie = str(answer.getheader("Set-Cookie")).split(";")[0]
    body = urlencode(
        {"csrfmiddlewaretoken": token.group(1), "login": email, "password": password}
    )
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": f"http://localhost:{port}/konto/login/",
    }
    connection.request("POST", "/konto/login/", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("Location") or ""


def _is_zipped(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status == 200 and answer.getheader("Content-Encoding") == "gzip"


def _style(port: int) -> str:
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    connection.request("GET", "/static/app.css")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_a_fresh_machine_serves_and_stops(tmp_path: Path) -> None:
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "rodtrad", "serve", "--port", str(port)],
        env=environment(tmp_path / "hem"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        told = _read_until(server, "Ctrl-C")
        assert f"http://localhost:{port}/" in told
        assert "ekonom@vimmerby.example" in told
        assert "ekonom@exempelby.example" in told
        password = re.search(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", told)
        assert password is not None
        good = _log_in(port, "ekonom@vimmerby.example", password.group())
        assert good == (302, "/")
        assert _log_in(port, "ekonom@vimmerby.example", "fel")[0] == 200
        assert _is_zipped(port, "/static/app.css")
        for style in re.findall(r'url\("(fonts/[^"]+)"', _style(port)):
            assert (tmp_path / "hem/static" / style).is_file()
        code, _out, err = run(tmp_path / "annan", "serve", "--port", str(port))
        assert code == 2
        assert f"Port {port} används redan" in err
        assert f"--port {port + 1}" in err
        secret = tmp_path / "hem/secret-key"
        assert secret.stat().st_mode & 0o077 == 0
        children = _children(server.pid)
        assert len(children) == 2
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        for child in children:
            with pytest.raises(ProcessLookupError):
                os.kill(child, 0)
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(30)
        if server.stdout is not None:
            server.stdout.close()
    # what was being computed goes back to the queue, or is done
    states = script(
        tmp_path / "hem",
        "from rodtrad.web.models import Study\n"
        "print(sorted(set(Study.objects.values_list('state', flat=True))))",
    )
    assert "running" not in states
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    port = _free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "rodtrad.web",
            "serve",
            "--port",
            str(port),
            "--no-examples",
        ],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        told = _read_until(server, "Ctrl-C")
        assert "new_municipality" in told
        worker = max(_children(server.pid), key=_is_worker)
        os.kill(worker, signal.SIGKILL)
        _read_until(server, "startas igen")
        until = time.monotonic() + 20
        while time.monotonic() < until:
            again = [one for one in _children(server.pid) if _is_worker(one)]
            if again and again != [worker]:
                break
        assert again
        assert again != [worker]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        if server.stdout is not None:
            server.stdout.close()


def _is_worker(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123
            return "worker" in file.read().split("\0")
    except OSError:
        return False


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "fil").write_text("")
    code, _out, err = run(tmp_path / "fil" / "hem", "serve")
    assert code == 2
    assert "Traceback" not in err


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath("rodtrad.sqlite3").write_bytes(b"no database" * 1000)
    code, _out, err = run(tmp_path, "serve", "--port", str(_free_port()))
    assert code == 2
    assert "Databasen går inte att öppna" in err
    assert "Traceback" not in err


def test_the_command_line_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []

    def execv(_path: str, words: list[str]) -> None:
        handed.append(words[1:])

    monkeypatch.setattr(os, "execv", execv)
    assert run_command(["serve", "--port", "8765", "--new-password"]) == 0
    assert handed == [
        [
            "-m",
            "rodtrad.web",
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            "8765",
            "--processes",
            "2",
            "--new-password",
        ]
    ]
