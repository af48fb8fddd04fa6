"""Is every mail sent once, tried again when the server is down, and never lost?"""

from __future__ import annotations

import datetime as dt
import smtplib
from threading import Event as Flag
from typing import Any

import pytest
from django.core import mail as sent_mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from rodtrad.web import errands, outgoing
from rodtrad.web.models.following import Outgoing


class Server:
    """A mail server that does what a test says, message by message."""

    def __init__(self) -> None:
        self.says: list[Exception | None] = []
        self.down: Exception | None = None

    def backend(self, *args: Any, **kwargs: Any) -> EmailBackend:
        server = self

        class Backend(EmailBackend):
            def open(self) -> bool:
                if server.down:
                    raise server.down
                return True

            def send_messages(self, messages: Any) -> int:
                said = server.says.pop(0) if server.says else None
                if said:
                    raise said
                return super().send_messages(messages)

        return Backend(*args, **kwargs)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(outgoing, "get_connection", found.backend)
    return found


def queue(n: int = 1) -> list[Outgoing]:
    for i in range(n):
        outgoing.queue(
            f"m{i}", f"n{i}@exempel.se", f"Brev {i}", "Hej\n", headers={"X-A": "1"}
        )
    return list(Outgoing.objects.order_by("pk"))


def soon() -> None:
    """Let the time come for everything that waits."""
    Outgoing.objects.filter(sent_at=None).update(due=timezone.now())


def test_a_mail_is_sent_once(server: Server) -> None:
    (mail,) = queue()
    outgoing.queue("m0", "annan@exempel.se", "Samma", "Igen")
    assert outgoing.send_due() == 1
    assert outgoing.send_due() == 0
    (message,) = sent_mail.outbox
    assert message.to == ["n0@exempel.se"]
    assert message.extra_headers["X-A"] == "1"
    assert f"<rodtrad-{mail.pk}@" in message.extra_headers["Message-ID"]
    mail.refresh_from_db()
    assert mail.sent_at is not None
    assert mail.claimed_at is None


def test_one_that_another_worker_sends_is_left_to_it(server: Server) -> None:
    one, two = queue(2)
    Outgoing.objects.filter(pk=one.pk).update(claimed_at=timezone.now())
    assert outgoing.send_due() == 1
    assert [m.to for m in sent_mail.outbox] == [["n1@exempel.se"]]
    # a worker that died: its mail goes again, with the same id
    Outgoing.objects.filter(pk=one.pk).update(
        claimed_at=timezone.now() - dt.timedelta(hours=1)
    )
    assert outgoing.send_due() == 1
    assert Outgoing.objects.filter(sent_at=None).count() == 0
    assert two.pk


def test_a_server_that_is_down_loses_nothing(server: Server) -> None:
    queue(3)
    server.down = ConnectionRefusedError("down")
    assert outgoing.send_due() == 0
    first = Outgoing.objects.order_by("pk").first()
    assert first is not None
    assert first.attempts == 1
    assert first.due > timezone.now()
    assert "ConnectionRefusedError" in first.error
    # the others were not even tried: the server is to blame
    assert Outgoing.objects.filter(attempts=0).count() == 2
    server.down = None
    soon()
    assert outgoing.send_due() == 3


def test_an_address_that_is_refused_does_not_stop_the_others(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    _first, refused, _last = queue(3)
    server.says = [None, smtplib.SMTPRecipientsRefused({"n1@exempel.se": (550, b"no")})]
    assert outgoing.send_due() == 2
    assert {m.to[0] for m in sent_mail.outbox} == {"n0@exempel.se", "n2@exempel.se"}
    # why is kept for staff and in the log, the address in neither
    refused.refresh_from_db()
    assert "550" in refused.error
    assert "550" in caplog.text
    assert "n1@exempel.se" not in refused.error + caplog.text


def test_it_is_tried_for_days_then_kept_for_staff(server: Server) -> None:
    (mail,) = queue()
    waits = []
    for _n in range(len(outgoing.AGAIN_MINUTES) + 1):
        server.says = [smtplib.SMTPServerDisconnected("gone")]
        soon()
        outgoing.send_due()
        mail.refresh_from_db()
        waits.append(round((mail.due - timezone.now()).total_seconds() / 60))
    assert waits[:5] == [1, 5, 15, 60, 240]
    assert sum(outgoing.AGAIN_MINUTES) > 2 * 24 * 60 * 0.8
    assert mail.gave_up_at is not None
    assert mail.sent_at is None
    soon()
    assert outgoing.send_due() == 0
    Outgoing.objects.update(municipality=None)


def test_what_was_sent_long_ago_is_forgotten_and_nothing_else(server: Server) -> None:
    old, new, waiting = queue(3)
    long_ago = timezone.now() - dt.timedelta(days=31)
    Outgoing.objects.filter(pk=old.pk).update(sent_at=long_ago)
    Outgoing.objects.filter(pk=new.pk).update(sent_at=timezone.now())
    lately = timezone.now() - outgoing.KEEP_STUCK + dt.timedelta(days=1)
    Outgoing.objects.filter(pk=waiting.pk).update(made_at=long_ago, gave_up_at=lately)
    assert outgoing.forget_old() == 1
    assert set(Outgoing.objects.values_list("pk", flat=True)) == {new.pk, waiting.pk}
    # staff have had their time to try it again
    Outgoing.objects.filter(pk=waiting.pk).update(
        gave_up_at=lately - dt.timedelta(days=2)
    )
    assert outgoing.forget_old() == 1
    assert set(Outgoing.objects.values_list("pk", flat=True)) == {new.pk}


# ---------------------------------------------------------------- errands


def test_what_takes_long_delays_no_mail() -> None:
    heavy = dict(errands.HEAVY)
    assert "rodtrad.web.envelope_ballots:count_due" in heavy
    assert not heavy.keys() & dict(errands.ERRANDS).keys()
    for name in heavy:
        module, _colon, function = name.partition(":")
        assert getattr(__import__(module, fromlist=[function]), function)() == 0


def test_an_errand_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    errands.do("rodtrad.web.outgoing:finns_inte")
    assert "failed" in caplog.text


def test_errands_have_their_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("rodtrad.web.errands.time.monotonic", lambda: now[0])
    found = errands.Errands([("a", 5.0), ("b", 60.0)])
    assert found.due() == ["a", "b"]
    now[0] += 6
    assert found.due() == ["a"]
    now[0] += 2
    assert found.due() == []
    now[0] += 60
    assert found.due() == ["a", "b"]


def test_errands_run_aside_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    held, began = Flag(), Flag()
    done: list[str] = []

    def act(name: str) -> None:
        began.set()
        held.wait(5)
        done.append(name)

    monkeypatch.setattr(errands, "do", act)
    monkeypatch.setattr("rodtrad.web.errands.connections.close_all", lambda: None)
    found = errands.Errands([("a", 0.0)])
    found.step()
    assert began.wait(5)
    found.step()  # the first is still under way
    held.set()
    found.leave()
    assert done == ["a"]
