"""Where does an old blog come in? Sent, looked at, approved or thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.errors import SourceError
from rodtrad.publish.letter_markup import letter_html, read_letter
from rodtrad.web import blog_import
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.clean_text import whole_number
from rodtrad.web.forms.letters import BlogApproveForm, BlogFileForm
from rodtrad.web.models.letters import BlogImport

if TYPE_CHECKING:
    from django.http import HttpResponse

_PER_PAGE: Final = 100
_PASSAGES: Final = 30
WRITE: Final = Right.WRITE_LETTER


@requires(WRITE)
def send(request: MunicipalRequest) -> HttpResponse:
    """Take a blog's export; nothing becomes a letter."""
    form = BlogFileForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                blog = blog_import.read(
                    request, request.municipality, form.cleaned_data["file"]
                )
            except SourceError as error:
                form.add_error("file", f"{error} {error.remedy}".strip())
            else:
                return redirect(
                    "blog_pending", kommun=request.municipality.slug, number=blog.pk
                )
    return render(request, "letters/blog_send.html", {"form": form}, status=status)


def _found(request: MunicipalRequest, number: int) -> BlogImport:
    return get_object_or_404(
        BlogImport, municipality=request.municipality, pk=number, ready=True
    )


@requires(WRITE)
def pending(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show what a blog would become; sent, the chosen posts become letters."""
    blog = _found(request, number)
    form = BlogApproveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = _chosen(request, blog, repeated=form.cleaned_data["repeated"])
        if chosen:
            made, drafts = blog_import.approve(
                request,
                blog,
                chosen,
                published=form.cleaned_data["become"] == form.AS_PUBLISHED,
                comments=form.cleaned_data["comments"],
            )
            messages.success(request, _told(made, drafts))
            return redirect("letters", kommun=request.municipality.slug)
        form.add_error(None, _("Inget inlägg är valt."))
    posts = blog.posts.defer("text")
    status = 422 if request.method == "POST" else 200
    titles = dict(blog.posts.values_list("position", "title"))
    return render(
        request,
        "letters/blog_pending.html",
        {
            "blog": blog,
            "form": form,
            "page": Paginator(posts, _PER_PAGE).get_page(request.GET.get("sida")),
            "titles": titles,
            "counts": {
                "posts": len(titles),
                "without_date": blog.posts.filter(published=None).count(),
                "drafts": blog.posts.filter(draft=True).count(),
                "repeats": blog.posts.exclude(repeats=None).count(),
                "known": blog.posts.filter(known=True).count(),
                "cut": blog.posts.filter(cut=True).count(),
            },
            "passages": [
                (one, [(n, titles.get(n, "")) for n in one["posts"]])
                for one in blog.passages[:_PASSAGES]
            ],
            "more_passages": len(blog.passages[_PASSAGES:]),
        },
        status=status,
    )


def _chosen(
    request: MunicipalRequest, blog: BlogImport, *, repeated: bool
) -> list[int]:
    """Return the positions of the posts that become letters: all that are not left out."""
    left = {whole_number(text) for text in request.POST.getlist("utan")}
    posts = blog.posts.filter(known=False)
    if not repeated:
        posts = posts.filter(repeats=None)
    return [n for n in posts.values_list("position", flat=True) if n not in left]


def _told(made: int, drafts: int) -> str:
    texts = [] if made or drafts else [_("Alla inlägg fanns redan som brev.")]
    if made:
        texts.append(
            ngettext(
                "{n} brev är publicerat.", "{n} brev är publicerade.", made
            ).format(n=made)
        )
    if drafts:
        texts.append(
            ngettext("{n} är ett utkast.", "{n} är utkast.", drafts).format(n=drafts)
        )
    return " ".join(texts)


@requires(WRITE, methods="GET")
def post(request: MunicipalRequest, number: int, position: int) -> HttpResponse:
    """Show a post as it would be as a letter."""
    blog = _found(request, number)
    found = get_object_or_404(blog.posts, position=position)
    body = letter_html(read_letter(found.text), lambda one: "", lambda many: "")
    return render(
        request,
        "letters/blog_post.html",
        {"blog": blog, "post": found, "body": mark_safe(body)},  # noqa: S308 - made safe
    )


@requires(WRITE, methods="POST")
def discard(request: MunicipalRequest, number: int) -> HttpResponse:
    """Throw away a blog that was read."""
    blog_import.discard(request, _found(request, number))
    messages.success(request, _("Bloggen är kastad. Inget brev har skrivits."))
    return redirect("letters", kommun=request.municipality.slug)
