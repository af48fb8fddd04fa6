"""Is a blog's export read piece by piece, whatever the file holds?"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.errors import SourceError
from rodtrad.publish.letter_markup import letter_text, read_letter
from rodtrad.sources import blogger
from rodtrad.sources.blogger import BlogReader
from rodtrad.sources.blogger_text import markup_of, plain
from rodtrad.sources.repeats import find_repeats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.sources.blogger import BlogEntry

KIND = "http://schemas.google.com/blogger/2008/kind#"
HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'
 xmlns:app='http://purl.org/atom/app#' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<title type='text'>Kommunalrådet</title>
<link rel='alternate' type='text/html' href='https://blogg.example/'/>
<author><name>Bloggens ägare</name></author>
"""
POST = f"""<entry><id>post-1</id><published>2016-12-20T08:30:00.000+01:00</published>
<category scheme='http://schemas.google.com/g/2005#kind' term='{KIND}post'/>
<category scheme='http://www.blogger.com/atom/ns#' term='Budget'/>
<title type='text'>Budget &amp; julfrid</title>
<content type='html'>&lt;p&gt;Hej å ä ö&lt;/p&gt;</content>
<link rel='replies' href='https://blogg.example/feeds/1'/>
<link rel='alternate' href='https://blogg.example/2016/12/budget.html'/>
<author><name>Eva</name><email>noreply@blogger.com</email></author></entry>
"""
COMMENT = f"""<entry><id>comment-1</id><published>2016-12-21T08:30:00Z</published>
<category scheme='http://schemas.google.com/g/2005#kind' term='{KIND}comment'/>
<title type='text'>Tack</title><content type='html'>Tack&lt;br/&gt;för det</content>
<author><name>Bo</name></author><thr:in-reply-to ref='post-1' href='https://x'/></entry>
"""
SETTINGS = f"""<entry><id>s</id><category scheme='http://schemas.google.com/g/2005#kind' term='{KIND}settings'/>
<title>x</title><content>y</content></entry>
"""


def entries(text: str | bytes) -> list[BlogEntry]:
    data = text.encode() if isinstance(text, str) else text
    return list(BlogReader(io.BytesIO(data)))


def feed(*parts: str) -> str:
    return HEAD + "".join(parts) + "</feed>"


def test_the_old_form_is_read() -> None:
    reader = BlogReader(io.BytesIO(feed(SETTINGS, POST, COMMENT).encode()))
    post, comment = list(reader)
    assert (reader.title, reader.address) == ("Kommunalrådet", "https://blogg.example/")
    assert post.kind == "post"
    assert post.title == "Budget & julfrid"
    assert post.published == dt.datetime(2016, 12, 20, 7, 30, tzinfo=dt.UTC)
    assert post.labels == ("Budget",)
    assert post.html == "<p>Hej å ä ö</p>"
    assert post.address == "https://blogg.example/2016/12/budget.html"
    assert post.author == "Eva"
    assert not post.draft
    assert (comment.kind, comment.answers, comment.author) == (
        "comment",
        "post-1",
        "Bo",
    )
    assert reader.mended == 0


def test_the_form_of_takeout_is_read() -> None:
    post = """<entry><id>p</id><blogger:type>POST</blogger:type><blogger:status>DRAFT</blogger:status>
<author><name>Eva</name><blogger:type>BLOGGER</blogger:type></author><title>T</title>
<content type='html'>Hej</content><blogger:created>2020-01-02T03:04:05Z</blogger:created>
<category scheme='tag:blogger.com,1999:blog-1' term='Skola'/>
<blogger:filename>/2020/01/t.html</blogger:filename></entry>"""
    comment = """<entry><id>c</id><blogger:type>COMMENT</blogger:type><blogger:parent>p</blogger:parent>
<content type='html'>Ja</content></entry>"""
    first, second = entries(feed(post, comment))
    assert (first.kind, first.draft, first.labels) == ("post", True, ("Skola",))
    assert first.published == dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert first.address == "/2020/01/t.html"
    assert first.author == "Eva"
    assert (second.kind, second.answers) == ("comment", "p")


def test_plain_atom_with_markup_as_elements_is_read() -> None:
    text = """<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>T</title>
<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a &lt; <b>b</b> <a href='/x'>c</a></p></div></content></entry></feed>"""
    (post,) = entries(text)
    assert markup_of(post.html, "https://x.se").text == "a < **b** [c](https://x.se/x)"


@pytest.mark.parametrize(
    "when",
    ["", "igår", "2016-13-45", "9999-12-31T23:59:59-14:00", "2016-12-20 08:30 +0100?"],
)
def test_a_post_without_a_date_has_none(when: str) -> None:
    (post,) = entries(feed(POST.replace("2016-12-20T08:30:00.000+01:00", when)))
    assert post.published is None
    assert post.title == "Budget & julfrid"


def test_drafts_are_known() -> None:
    draft = "<app:control><app:draft>yes</app:draft></app:control></entry>"
    (post,) = entries(feed(POST.replace("</entry>", draft)))
    assert post.draft


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE feed [<!ENTITY a "b">]>',
        '<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE feed SYSTEM "https://x.example/a.dtd">',
        '<!DOCTYPE feed [<!ENTITY % a SYSTEM "https://x.example/a.dtd"> %a;]>',
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    text = feed(POST).replace("?>", f"?>{doctype}", 1)
    with pytest.raises(SourceError) as caught:
        entries(text)
    assert caught.value.code == "blog_entities"


def test_a_laugh_that_grows_is_refused_at_once() -> None:
    grow = "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(12)
    )
    text = feed(POST).replace("?>", f"?><!DOCTYPE feed [{grow}]>", 1)
    began = time.process_time()
    with pytest.raises(SourceError):
        entries(text.replace("Hej", "&a11;"))
    assert time.process_time() - began < 2


def test_an_entity_that_nobody_has_said_is_refused() -> None:
    with pytest.raises(SourceError) as caught:
        entries(feed(POST.replace("Hej", "&nbsp;")))
    assert caught.value.code == "blog_entities"


def test_wrong_bytes_are_mended_and_counted() -> None:
    data = feed(POST).encode().replace("å ä ö".encode(), b"\xe5 \xe4 \xf6")
    reader = BlogReader(io.BytesIO(data))
    (post,) = list(reader)
    assert post.html == "<p>Hej å ä ö</p>"
    assert reader.mended == 3


@pytest.mark.parametrize(
    "encoding", ["iso-8859-1", "windows-1252", "utf-16", "utf-8-sig"]
)
def test_other_encodings_are_read(encoding: str) -> None:
    said = encoding.removesuffix("-sig")
    text = feed(POST).replace("UTF-8", said)
    (post,) = entries(text.encode(encoding))
    assert post.html == "<p>Hej å ä ö</p>"


def test_an_encoding_that_is_not_is_told() -> None:
    for name in ("klingon", "base64", "idna", "undefined", "rot13"):
        with pytest.raises(SourceError):
            entries(feed(POST).replace("UTF-8", name))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"PK\x03\x04" + bytes(100),
        b"<html><body>x</body></html>",
        b"<rss><channel/></rss>",
        b"<feed><entry/></feed>",
        b"\xff\xfe\x00",
        b"{}",
        bytes(range(256)) * 20,
    ],
)
def test_what_is_no_blog_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError):
        entries(data)


def test_a_file_that_is_cut_off_is_refused_with_its_line() -> None:
    text = feed(POST, COMMENT)
    with pytest.raises(SourceError) as caught:
        entries(text[: len(text) - 60])
    assert "rad" in str(caught.value)


@given(st.binary(max_size=400), st.integers(0, 600), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_damaged_files_give_entries_or_a_refusal(
    junk: bytes, at: int, gone: int
) -> None:
    data = feed(POST, COMMENT).encode()
    with contextlib.suppress(SourceError):
        entries(data[:at] + junk + data[at + gone :])


class Endless(io.RawIOBase):
    """A file as large as is asked for, made while it is read."""

    def __init__(self, start: bytes, piece: bytes, size: int, end: bytes) -> None:
        self.parts = self._parts(start, piece, size, end)

    def _parts(
        self, start: bytes, piece: bytes, size: int, end: bytes
    ) -> Iterator[bytes]:
        yield start
        for _ in range(size // len(piece)):
            yield piece
        yield end

    def read(self, _size: int = -1) -> bytes:
        return next(self.parts, b"")


@pytest.mark.slow
def test_200_mb_take_little_memory() -> None:
    body = "&lt;p&gt;Ord om skolan och bron. &lt;/p&gt;" * 1700
    posts = (
        POST.replace("<content type='html'>", f"<content type='html'>{body}")
    ).encode()
    stream = Endless(HEAD.encode(), posts, 200_000_000, b"</feed>")
    tracemalloc.start()
    count = 0
    for post in BlogReader(stream):  # type: ignore[arg-type]
        count += 1
        assert post.title
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count * len(posts) > 199_000_000
    assert most < 20_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"<entry><content>", b"x" * 65_000),  # one text without an end
        (b"<entry a='", b"x" * 65_000),  # one tag without an end
        (b"<!--", b"x" * 65_000),
        (b"<entry>", b"<a>" * 20_000),  # one inside the other
        (b"", b"<entry></entry>" * 4_000),
        (b"<title>", b"x" * 65_000),
    ],
)
def test_a_file_without_measure_takes_little_memory(start: bytes, piece: bytes) -> None:
    stream = Endless(HEAD.encode() + start, piece, 30_000_000, b"</feed>")
    tracemalloc.start()
    with pytest.raises(SourceError):
        for _entry in BlogReader(stream):  # type: ignore[arg-type]
            pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40_000_000


def test_a_text_without_measure_is_cut_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blogger, "MOST_TEXT", 10)
    (post,) = entries(feed(POST))
    assert post.cut
    assert len(post.html) == 10


# ---------------------------------------------------------------- the texts


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("Ett<br/>två", "Ett\\\ntvå"),
        ("<div>Ett</div><div>två</div>", "Ett\n\ntvå"),
        ("<b>Ett </b>två", "**Ett** två"),
        ("<h1>A</h1>b", "## A\n\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n\n- b"),
        ("<blockquote>a</blockquote>", "> a"),
        ("<a href='/p.html'>a</a>", "[a](https://b.se/p.html)"),
        ("<a href='p.html'>a</a>", "[a](https://b.se/p.html)"),
        ("<a href='//c.se/p'>a</a>", "[a](https://c.se/p)"),
        ("<a href='javascript:x'>a</a>", "a"),
        ("<a href='#x'>a</a>", "a"),
        ("<a href='http://[x'>a</a>", "a"),
        (
            "<img src='http://x.se/a.jpg' alt='En bro'>",
            "[Bild: En bro](http://x.se/a.jpg)",
        ),
        ("<img src='/a.jpg'>", "[Bild](https://b.se/a.jpg)"),
        (
            "<a href='http://x.se/b'><img src='http://x.se/a.jpg'></a>",
            "[Bild](http://x.se/a.jpg)",
        ),
        ("<script>x</script>a<style>b</style><!-- c -->", "a"),
        ("a &amp; b &lt;c&gt; &nbsp;d", "a & b <c> d"),
        ("2 * 3 * 4 [x](y)", "2 \\* 3 \\* 4 \\[x\\](y)"),
        ("[[projekt:bro]]", "\\[\\[projekt:bro\\]\\]"),
        ("<p onclick='x'>a", "a"),
        ("<iframe src='https://x'></iframe>", ""),
    ],
)
def test_html_becomes_markup(html: str, wanted: str) -> None:
    assert markup_of(html, "https://b.se/").text == wanted


@given(st.text(alphabet="ab 1.#->*_[]()`\\!+=~|&<>\"'\n", max_size=60))
@settings(max_examples=300, deadline=None)
def test_the_words_of_a_post_are_those_of_the_letter(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    found = letter_text(
        read_letter(markup_of(f"<p>{escaped}</p>").text), lambda one: "!"
    )
    assert found.split() == text.split()


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!",
        "<!--",
        "<a ",
        "</",
        '<a href="',
        "<![CDATA[",
        "<script>",
        "&#",
        "<b>",
        "<ul>",
        "<a '\"",
    ],
)
def test_broken_html_is_read_in_one_pass(piece: str) -> None:
    began = time.process_time()
    markup_of((piece * 100_000)[:400_000])
    plain((piece * 100_000)[:400_000])
    assert time.process_time() - began < 10


# ---------------------------------------------------------------- what comes again

LONG = "Det här är en fast avslutning som står sist i nästan varje brev på bloggen, år efter år, och som alla känner igen."


def own(i: int, words: int = 80) -> str:
    return " ".join(f"ord{i}x{k}" for k in range(words))


def test_the_same_post_twice_is_found() -> None:
    texts = [
        own(1),
        own(2),
        own(1),
        own(2) + " och ett ord till",
        "",
        "",
        own(3, 5),
        own(3, 5),
    ]
    found = find_repeats(len(texts), texts.__getitem__)
    assert found.same == {2: 0, 3: 1, 7: 6}
    assert found.passages == ()


def test_passages_that_come_again_are_found_wherever_they_stand() -> None:
    texts = [
        own(1) + " " + LONG,
        LONG + " " + own(2),
        own(3) + LONG.upper() + own(4),
        own(5),
    ]
    found = find_repeats(len(texts), texts.__getitem__)
    assert not found.same
    (passage,) = found.passages
    assert passage.texts[:2] == (0, 1)
    assert passage.words >= 20
    assert LONG.startswith(passage.beginning.removesuffix(" …")[:40])


@given(st.integers(15, 40), st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_a_passage_of_fifteen_words_is_always_found(n: int, a: int, b: int) -> None:
    shared = own(9, n)
    texts = [f"{own(1, a)} {shared} {own(2, 60)}", f"{own(3, b)} {shared} {own(4, 60)}"]
    (passage,) = find_repeats(2, texts.__getitem__).passages
    assert passage.words == n
    assert passage.texts == (0, 1)


def test_short_likenesses_are_left_alone() -> None:
    texts = [
        own(1) + " med vänlig hälsning från oss alla",
        own(2) + " med vänlig hälsning från oss alla",
    ]
    assert find_repeats(2, texts.__getitem__).passages == ()
