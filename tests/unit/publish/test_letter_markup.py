"""Does a letter's text become safe HTML and plain words, whatever is written?"""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.publish.letter_markup import (
    LONGEST,
    Reference,
    excerpt,
    letter_html,
    letter_text,
    read_letter,
)

ALLOWED = {"h2", "h3", "p", "ul", "ol", "li", "blockquote"} | {
    "em",
    "strong",
    "a",
    "br",
    "hr",
    "i",
    "aside",
}


def html(text: str) -> str:
    return letter_html(
        read_letter(text),
        lambda one: f"<i>{one.kind}</i>",
        lambda many: f"<aside>{len(many)}</aside>",
    )


class Tags(HTMLParser):
    """Collects the tags and attributes of a text, and whether they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.given: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.given += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# Ett\n\n### Två", "<h2>Ett</h2><h3>Två</h3>"),
        ("Hej *du* **där**", "<p>Hej <em>du</em> <strong>där</strong></p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("[a](https://x.se)", '<p><a href="https://x.se" rel="noreferrer">a</a></p>'),
        (
            "Se https://x.se/a?b=1&c=2.",
            '<p>Se <a href="https://x.se/a?b=1&amp;c=2" rel="noreferrer">https://x.se/a?b=1&amp;c=2</a>.</p>',
        ),
        ("a [[projekt:x y]] b", "<p>a <i>projekt</i> b</p>"),
        ("[[projekt:x]]\n[[siffra:y]]", "<aside>2</aside>"),
        ("\\[[projekt:x]]", "<p>[[projekt:x]]</p>"),
        ("[[annat:x]]", "<p>[[annat:x]]</p>"),
        ("<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp;</p>"),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
    ],
)
def test_markup(text: str, wanted: str) -> None:
    assert html(text) == wanted


@given(
    st.lists(
        st.sampled_from(
            [
                *"ab <>&\"'*_[]()#-+>1.!\\`:/\n\t",
                "https://x.se",
                "[[projekt:",
                "[[bild:1]]",
                "]](javascript:",
            ]
        ),
        max_size=80,
    ).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_nothing_but_the_known_tags_comes_out(text: str) -> None:
    tags = Tags(html(text))
    assert tags.found <= ALLOWED
    assert not tags.open
    for tag, name, value in tags.given:
        assert (tag, name) in {("a", "href"), ("a", "rel"), ("ol", "start")}
        if name == "href":
            assert value.startswith(("https://", "http://", "mailto:"))


def test_references_are_found_once_in_order_and_pictures_in_a_sentence_are_told() -> (
    None
):
    read = read_letter("[[bild:1]]\n\na [[projekt: b ]] [[bild:2]] [[projekt:b]]")
    assert read.references == (
        Reference("bild", "1"),
        Reference("projekt", "b"),
        Reference("bild", "2"),
    )
    assert read.inline_pictures == (Reference("bild", "2"),)
    assert read.named("projekt") == ["b"]


def test_plain_text_keeps_lists_links_and_figures() -> None:
    text = letter_text(
        read_letter("# A\n\n1. b [c](https://x.se)\n2. [[siffra:d]]\n\n> e\\\nf"),
        lambda one: one.name.upper(),
    )
    assert text == "A\n\n1. b c (https://x.se)\n\n2. D\n\n> e\nf"


@pytest.mark.parametrize(
    "piece", ["[", "*", "> ", "[[", "[a](", "a_", "* a\n ", "[[projekt:"]
)
def test_a_text_that_means_to_be_slow_is_read(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    began = time.process_time()
    letter_text(read_letter(text), lambda one: "")
    html(text)
    assert time.process_time() - began < 20


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="long"):
        read_letter("a" * (LONGEST + 1))


def test_html_has_no_way_in() -> None:
    out = html(
        '<script>x</script>\n\n<img src=x onerror=y>\n\n<a href="javascript:x">y</a>'
    )
    assert not re.search(r"<(script|img|a)\b", out)


def test_an_excerpt_is_of_sentences_not_of_headings() -> None:
    text = "Hej där.\n\n[[projekt:bro]]\n\nVad det kostar\n\nInte så mycket."
    assert excerpt(text) == "Hej där. Inte så mycket."
    assert excerpt("Bara en rubrik") == "Bara en rubrik"
