"""Do hidden signs, floods and forms from nowhere get in? Cleaning, limits and stamps."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from rodtrad.web import public_form, thinning, throttle
from rodtrad.web.clean_text import clean, whole_number
from rodtrad.web.models.throttle import Tally

FACTORY = RequestFactory()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("rubrik\u202etxet\u202c", "rubriktxet"),
        ("osyn\u200blig\ufeff\u2060a", "osynliga"),
        ("a\u0000b\u0007c\x1b[31m", "abc[31m"),
        ("pa\u030a", "på"),
        ("rad 1\r\nrad 2\rrad 3\u2028rad 4", "rad 1\nrad 2\nrad 3\nrad 4"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("  mycket \t  luft\u00a0här ", "mycket luft här"),
        ("a" + "\u0301" * 400 + "b", "á\u0301\u0301\u0301b"),
        (
            "familj \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "familj \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("a\u200db\u200cc", "abc"),
        ("\u3164\u2800\u115f", ""),
        ("\ud800x", "x"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("tag\U000e0041\U000e0042", "tag"),
    ],
)
def test_hidden_signs_go_and_words_stay(sent: str, kept: str) -> None:
    assert clean(sent) == kept


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not set(once) & set(
        "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\0\r"
    )
    once.encode("utf-8")


def test_a_line_stays_a_line() -> None:
    assert clean("ett\nnamn", lines=False) == "ett namn"


def test_a_text_of_100_kb_is_told_its_length() -> None:
    with pytest.raises(ValidationError) as refused:
        clean("x" * 100_000, 4000)
    said = refused.value.messages[0].replace("\u00a0", " ")
    assert said == "Texten är 100 000 tecken. Högst 4 000 får plats."


def test_a_line_break_counts_as_the_browser_counts_it() -> None:
    text = "\r\n".join(["rad"] * 100)
    assert clean(text, len(text) - 99) == text.replace("\r\n", "\n")
    with pytest.raises(ValidationError):
        clean(text, len(text) - 100)


def test_a_text_that_grows_when_it_is_composed_has_to_have_room() -> None:
    grows = "\ufb2c"  # one sign that is kept as three
    assert len(clean(grows)) == 3
    with pytest.raises(ValidationError):
        clean(grows * 60, 60)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("²", None), ("١", None), ("-1", None), ("9" * 10, None)],
)
def test_only_digits_that_any_column_holds_are_a_number(
    text: str, number: int | None
) -> None:
    assert whole_number(text) == number


# ---------------------------------------------------------------- limits


def _from(address: str):  # type: ignore[no-untyped-def]
    return FACTORY.post("/", REMOTE_ADDR=address)


def test_a_flood_about_one_thing_is_stopped_and_others_are_not() -> None:
    said = [throttle.allow("comment", _from("192.0.2.1"), item="a") for _ in range(10)]
    assert said == [True] * 6 + [False] * 4
    assert throttle.allow("comment", _from("192.0.2.1"), item="b")
    assert throttle.allow("comment", _from("192.0.2.2"), item="a")
    assert throttle.allow("report", _from("192.0.2.1"), item="a")


def test_one_who_floods_does_not_shut_out_the_next_at_the_same_address() -> None:
    for _ in range(500):
        throttle.allow("comment", _from("192.0.2.1"), item="a")
    # another person in the same library, and one in the same net
    assert throttle.allow("comment", _from("192.0.2.1"), item="b")
    assert throttle.allow("comment", _from("192.0.2.2"), item="a")
    # what one address may not send is not held against its net
    limits: dict[str, Any] = {"per_address": (3, 3600), "per_net": (5, 3600)}
    said = [
        throttle.allow("x", _from("192.0.2.1"), item=str(i), **limits)
        for i in range(50)
    ]
    assert said == [True] * 3 + [False] * 47
    assert throttle.allow("x", _from("192.0.2.2"), item="a", **limits)


def test_a_proxy_without_https_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    throttle._warn_of_proxy.cache_clear()
    for i in range(3):
        request = FACTORY.post("/", HTTP_X_FORWARDED_FOR=f"192.0.2.{i}")
        assert throttle.allow("x", request, item="a")
    assert caplog.text.count("RODTRAD_HTTPS") == 1


def test_a_library_may_send_a_hundred_in_an_hour() -> None:
    said = [
        throttle.allow("comment", _from("198.51.100.9"), item=str(i))
        for i in range(130)
    ]
    assert said[:120] == [True] * 120
    assert not any(said[120:])


def test_a_household_of_ipv6_is_one_and_a_net_has_its_own_limit() -> None:
    limits: dict[str, Any] = {"per_item": (2, 60), "per_net": (4, 60)}
    tried = [
        throttle.allow("x", _from(f"2001:db8:1:{house}::{i}"), **limits)
        for house in (1, 2, 3)
        for i in range(3)
    ]
    assert tried == [True, True, False, True, True, False, False, False, False]


def test_no_address_is_kept_and_counts_are_forgotten() -> None:
    throttle.allow("comment", _from("203.0.113.5"), item="a")
    rows = list(Tally.objects.all())
    assert len(rows) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", row.key) for row in rows)
    assert throttle.forget_old() == 0
    Tally.objects.update(until=timezone.now() - dt.timedelta(days=1))
    assert throttle.forget_old() == 3


# ---------------------------------------------------------------- stamps


def _post(item: str, **change: str):  # type: ignore[no-untyped-def]
    sent = {public_form.STAMP: public_form.sign(item), public_form.POT: "", **change}
    return FACTORY.post("/", sent, REMOTE_ADDR="192.0.2.3")


def test_a_form_that_was_read_is_taken() -> None:
    assert public_form.check(_post("comment|1"), "comment|1") == ""


def test_a_form_that_was_sent_at_once_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 3.0)
    assert "fort" in public_form.check(_post("comment|1"), "comment|1")


@pytest.mark.parametrize("stamp", ["", "x", "comment|1:aaaaaa:bbbb", "a:b:c:d"])
def test_a_forged_stamp_is_not_taken(stamp: str) -> None:
    sent = _post("comment|1", **{public_form.STAMP: stamp})
    assert "öppen för länge" in public_form.check(sent, "comment|1")


def test_the_stamp_of_another_form_is_not_taken() -> None:
    assert public_form.check(_post("comment|1"), "comment|2")


def test_a_stamp_of_yesterday_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = _post("comment|1")
    monkeypatch.setattr(public_form, "MOST_SECONDS", -1)
    assert "öppen för länge" in public_form.check(sent, "comment|1")


def test_what_no_person_fills_in_is_noticed() -> None:
    sent = _post("comment|1", **{public_form.POT: "http://spam.example"})
    assert "tomt" in public_form.check(sent, "comment|1")


def test_too_much_is_refused_before_it_is_read() -> None:
    request = FACTORY.post("/", {"text": "x" * 400_000})
    assert "för stort" in public_form.check(request, "comment|1")
    assert not hasattr(request, "_post")


# ---------------------------------------------------------------- personal data


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Jag heter 850709-9805.", ["number"]),
        ("19850709 9805", ["number"]),
        ("8507099805", ["number"]),
        ("8507099806", []),
        ("850769-9802", ["number"]),
        ("Det kostar 8501320000 kr.", []),
        ("Ring 070-123 45 67 i kväll", ["phone"]),
        ("+46 (0)70 123 45 67", ["phone"]),
        ("0492-76 90 00", ["phone"]),
        ("eva.ek@exempel.se", ["mail"]),
        ("eva.ek(at)exempel.se", ["mail"]),
        ("Bygg på Storgatan 12 B.", ["address"]),
        ("Eva Ek, Lindvägen 3, kör för fort", ["name", "address"]),
        ("Vimmerby kommun bör bygga i Södra Vi.", []),
        ("Startår 2027-2031 kostar 1 250 000.", []),
        ("Investeringsplan 2026 rymmer inte Storgatan 2028.", []),
        ("Storgatan 20 behöver ny beläggning 2028.", ["address"]),
        ("Skolan byggdes 1998, takhöjd 2,4.", []),
    ],
)
def test_rules_find_what_tells_who_somebody_is(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in thinning.findings(text)] == kinds


def test_only_what_is_chosen_is_taken_out() -> None:
    text = "Eva Ek, 070-123 45 67, eva@exempel.se vill ha en bro."
    found = thinning.findings(text)
    assert [one.kind for one in found] == ["name", "phone", "mail"]
    after = thinning.without(text, found[1:])
    assert after == (
        "Eva Ek, (telefonnummer borttaget), (e-postadress borttaget) vill ha en bro."
    )


@given(st.text(alphabet="0123456789-+ @.aEk", max_size=80))
def test_findings_never_overlap_and_any_text_is_read(text: str) -> None:
    found = thinning.findings(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(text[one.start : one.end] == one.text for one in found)
    thinning.without(text, found)
