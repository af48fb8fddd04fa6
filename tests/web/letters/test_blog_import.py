"""Does an old blog become letters as somebody approved, and nothing before that?"""

from __future__ import annotations

import datetime as dt
import re
from html import escape
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.utils import timezone
from unit.sources.test_blogger import COMMENT, POST, SETTINGS, feed, own

from rodtrad.web import blog_import, letters
from rodtrad.web.models import Event
from rodtrad.web.models.following import Outgoing
from rodtrad.web.models.letters import BlogImport, BlogPost, Letter

if TYPE_CHECKING:
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality, Publication, User


def post(
    n: int, text: str = "", when: str = "2016-12-20T08:30:00+01:00", **change: str
) -> str:
    body = text or f"&lt;p&gt;{own(n)}&lt;/p&gt;"
    made = POST.replace("post-1", f"post-{n}").replace("budget.html", f"b{n}.html")
    made = made.replace("2016-12-20T08:30:00.000+01:00", when)
    made = made.replace("&lt;p&gt;Hej å ä ö&lt;/p&gt;", body)
    for old, new in change.items():
        made = made.replace(old, new)
    return made


def sent(
    client: Client, text: str | bytes, name: str = "blogg.xml"
) -> BlogImport | None:
    data = text.encode() if isinstance(text, str) else text
    client.post("/liten/brev/blogg/", {"file": SimpleUploadedFile(name, data)})
    return BlogImport.objects.first()


def test_nothing_is_a_letter_before_it_is_approved(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    blog = sent(
        client,
        feed(SETTINGS, post(1), COMMENT, post(2), post(3, own(1)), post(4, when="")),
    )
    assert blog is not None
    assert not Letter.objects.exists()
    page = client.get(f"/liten/brev/blogg/{blog.pk}/").content.decode()
    assert "Bloggen har 4 inlägg" in page
    assert "1 inlägg har inget datum" in page
    assert "1 inlägg är likadant som ett tidigare" in page
    one = client.get(f"/liten/brev/blogg/{blog.pk}/1/").content.decode()
    assert "ord1x0" in one
    assert "Tack" in one
    client.post(f"/liten/brev/blogg/{blog.pk}/kasta/")
    assert not BlogImport.objects.exists()
    assert not BlogPost.objects.exists()
    assert not Letter.objects.exists()


def test_the_same_file_approved_twice_gives_each_letter_once(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    file = feed(SETTINGS, post(1), post(2))
    for _ in range(2):
        sent(client, file)
    blogs = list(BlogImport.objects.values_list("pk", flat=True))
    assert len(blogs) == 2
    for pk in blogs:
        answer = client.post(f"/liten/brev/blogg/{pk}/", {"become": "published"})
        assert answer.status_code == 302
    assert Letter.objects.count() == 2
    page = client.get("/liten/brev/").content.decode()
    assert "Alla inlägg fanns redan som brev." in page


def test_approved_posts_keep_their_dates_comments_and_labels(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    posts = [
        post(1),
        COMMENT,
        post(2, when="2015-01-31T23:30:00Z"),
        post(3, own(1)),
        post(4, when=""),
    ]
    blog = sent(client, feed(*posts))
    assert blog is not None
    at = f"/liten/brev/blogg/{blog.pk}/"
    client.post(at, {"become": "published", "comments": "on"})
    assert not BlogImport.objects.exists()
    made = {one.origin.rpartition("/")[2]: one for one in Letter.objects.all()}
    assert set(made) == {
        "b1.html",
        "b2.html",
        "b4.html",
    }  # the third is the first again
    first = made["b1.html"]
    assert first.is_public
    assert (first.year, first.month) == (2016, 12)
    assert first.published_at == dt.datetime(2016, 12, 20, 7, 30, tzinfo=dt.UTC)
    assert first.tags == ["Budget"]
    assert [one["name"] for one in first.old_comments] == ["Bo"]
    # half past eleven in the evening there is half past midnight here
    assert (made["b2.html"].year, made["b2.html"].month) == (2015, 2)
    assert made["b4.html"].state == Letter.State.DRAFT
    page = Client().get(f"/oppet/liten/brev/2016/12/{first.slug}/").content.decode()
    assert "ord1x0" in page
    assert "för det" in page
    assert not Outgoing.objects.exists()
    found = Event.objects.get(action="blog.approved")
    assert found.after == {"published": 2, "drafts": 1, "comments": True}
    # a comment is taken away when somebody asks
    client.post(f"/liten/brev/{first.number}/kommentar/", {"nr": "0"})
    first.refresh_from_db()
    assert first.old_comments == []
    # the same file again: what is there already is not taken twice
    blog = sent(client, feed(*posts))
    assert blog is not None
    client.post(f"/liten/brev/blogg/{blog.pk}/", {"become": "drafts", "repeated": "on"})
    assert Letter.objects.count() == 4


def test_posts_can_be_left_out_and_become_drafts(client_for: ClientFor) -> None:
    client = client_for("chef")
    blog = sent(client, feed(post(1), post(2), post(3)))
    assert blog is not None
    client.post(
        f"/liten/brev/blogg/{blog.pk}/", {"become": "drafts", "utan": ["2", "x"]}
    )
    states = Letter.objects.values_list("state", flat=True)
    assert list(states) == ["draft", "draft"]
    assert not Letter.objects.filter(origin__endswith="b2.html").exists()


def test_passages_are_shown_before_anything_is_chosen(client_for: ClientFor) -> None:
    end = "Det här stycket står sist i varje brev, år efter år, och det är alltid samma ord som kommer igen."
    client = client_for("chef")
    blog = sent(client, feed(*[post(n, f"{own(n)} {end}") for n in range(1, 5)]))
    assert blog is not None
    page = client.get(f"/liten/brev/blogg/{blog.pk}/").content.decode()
    assert "Stycken som kommer igen" in page
    assert "Det här stycket står sist" in page


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE feed [<!ENTITY a 'b'>]>" + feed(POST).partition("?>")[2],
        feed(POST)[:-40],
        feed(POST).replace("UTF-8", "klingon"),
        feed(SETTINGS),
        "<html/>",
        "",
    ],
)
def test_a_bad_file_leaves_nothing_and_says_why(
    text: str, client_for: ClientFor
) -> None:
    client = client_for("chef")
    upload = SimpleUploadedFile("blogg.xml", text.encode())
    answer = client.post("/liten/brev/blogg/", {"file": upload})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not BlogImport.objects.exists()
    assert not BlogPost.objects.exists()
    assert not Event.objects.filter(action="blog.sent").exists()


def test_what_runs_and_hides_is_gone_from_a_post(
    published: Publication, client_for: ClientFor
) -> None:
    bad = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;a href='javascript:x'&gt;a&lt;/a&gt; \u202eb\u200b [[projekt:bro]] &lt;img src=x onerror=alert(1)&gt;"
    client = client_for("chef")
    comment = COMMENT.replace("Bo", "&lt;b&gt;B\u202eo&lt;/b&gt;").replace(
        "Tack&lt;br/&gt;", "&lt;script&gt;x&lt;/script&gt;Tack"
    )
    blog = sent(client, feed(post(1, bad), comment))
    assert blog is not None
    client.post(
        f"/liten/brev/blogg/{blog.pk}/", {"become": "published", "comments": "on"}
    )
    letter = Letter.objects.get()
    assert "\u202e" not in letter.text
    assert not letter.mentions.exists()
    page = Client().get(f"/oppet/liten/brev/2016/12/{letter.slug}/").content.decode()
    assert "<script" not in page
    assert "javascript:" not in page
    assert "onerror" not in page
    assert "\u202e" not in page


def too_long(row: models.Model) -> list[str]:
    """Return the fields that hold more than they have room for; SQLite takes it all."""
    texts = [one for one in row._meta.fields if isinstance(one, models.CharField)]
    return [
        field.name
        for field in texts
        if len(field.value_from_object(row)) > (field.max_length or 0)
    ]


def test_a_hostile_blog_is_only_words_before_and_after_it_is_approved(
    published: Publication, client_for: ClientFor
) -> None:
    evil = '\u202e\u200b"><script>alert(1)</script>{% now "Y" %}'
    in_xml = escape(evil)
    long = f"/{'å' * 990}.html"  # with the blog's own address before it
    file = feed(
        post(1, escape(escape(evil)), Budget=in_xml, Eva=in_xml),
        post(2, **{"https://blogg.example/2016/12/b2.html": long}),
        post(3, **{"https://blogg.example/2016/12/b3.html": "javascript:alert(1)"}),
        COMMENT.replace("Bo", in_xml).replace("Tack", in_xml),
    ).replace("Kommunalrådet", in_xml)
    client = client_for("chef")
    blog = sent(client, file)
    assert blog is not None
    assert blog.posts.count() == 3
    assert [too_long(one) for one in (blog, *blog.posts.all())] == [[]] * 4
    at = f"/liten/brev/blogg/{blog.pk}/"
    pages = [client.get(path) for path in (at, f"{at}1/", f"{at}3/", "/liten/brev/")]
    client.post(at, {"become": "published", "comments": "on"})
    assert Letter.objects.filter(state=Letter.State.PUBLISHED).count() == 3
    for one in Letter.objects.all():
        assert too_long(one) == []
        pages.append(client.get(f"/liten/brev/{one.number}/"))
        pages.append(client.get(letters.letter_address(one)))
    pages += [client.get(f"/oppet/liten/brev/{part}") for part in ("", "flode.xml")]
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "javascript:" not in text
        assert not {"\u202e", "\u200b"} & set(text)
    assert "&lt;script&gt;alert(1)" in pages[0].content.decode()


def test_another_municipality_s_blog_is_not_found(
    client_for: ClientFor, annan: Municipality
) -> None:
    blog = sent(client_for("chef"), feed(post(1)))
    assert blog is not None
    other = client_for("chef", annan)
    assert other.get(f"/annan/brev/blogg/{blog.pk}/").status_code == 404
    assert other.post(f"/annan/brev/blogg/{blog.pk}/kasta/").status_code == 404
    assert BlogImport.objects.exists()


def test_a_blog_that_nobody_approves_is_forgotten(client_for: ClientFor) -> None:
    blog = sent(client_for("chef"), feed(post(1)))
    assert blog is not None
    assert blog_import.forget_old() == 0
    BlogImport.objects.update(created_at=timezone.now() - dt.timedelta(days=8))
    assert blog_import.forget_old() > 0
    assert not BlogPost.objects.exists()


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blog_import, "MOST_BYTES", 100)
    assert sent(client_for("chef"), feed(post(1))) is None


def test_a_comment_on_nothing_is_not_put_under_a_post_without_an_id(
    client_for: ClientFor,
) -> None:
    nameless = re.sub(r"<id>.*?</id>", "", post(1))
    lost = re.sub(r"<thr:in-reply-to[^>]*/>", "", COMMENT)
    assert nameless != post(1)
    assert lost != COMMENT
    blog = sent(client_for("chef"), feed(nameless, lost))
    assert blog is not None
    assert blog.posts.get().comments == []
    assert blog.comments_without_post == 1


def test_an_old_post_is_in_swedish_whoever_reads_it_in(client_for: ClientFor) -> None:
    client = client_for("chef")
    user: User = client.user  # type: ignore[attr-defined]
    user.language = "en"
    user.save()
    picture = '&lt;img src="https://x.example/a.jpg" alt="Bron"&gt;'
    blog = sent(client, feed(post(1, picture).replace(">Budget<", "><")))
    assert blog is not None
    assert "[Bild: Bron](https://x.example/a.jpg)" in blog.posts.get().text
