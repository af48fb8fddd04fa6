"""Where is the letter written, tried, timed, published and taken back?

Only those who may write it see drafts. The picker works without a script: what is chosen
is put last in the text. Leaves out what everyone reads (public_letters) and an old blog
(letter_import).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from rodtrad.publish.letter_markup import read_letter
from rodtrad.web import letter_figures, letter_pictures, letters
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.clean_text import whole_number
from rodtrad.web.forms.letters import (
    CommentsForm,
    LetterForm,
    PickerForm,
    PictureForm,
    WhenForm,
    WithdrawLetterForm,
)
from rodtrad.web.models import Publication
from rodtrad.web.models.letters import BlogImport, Letter, LetterPicture
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality

_PER_PAGE: Final = 50
WRITE: Final = Right.WRITE_LETTER
# What the buttons of the form are called when they are sent.
PICK: Final = "satt-in"


def _found(place: Municipality, number: int) -> Letter:
    letter = get_object_or_404(Letter, municipality=place, number=number)
    letter.municipality = place
    return letter


def _back(letter: Letter) -> HttpResponse:
    return redirect(
        "letter_edit", kommun=letter.municipality.slug, number=letter.number
    )


@requires(WRITE, methods="GET")
def overview(request: MunicipalRequest) -> HttpResponse:
    """Show the letters, those that are not published first."""
    place = request.municipality
    rows = Letter.objects.filter(municipality=place).light()
    soonest = F("publish_at").asc(nulls_last=True)
    drafts = Paginator(
        rows.exclude(state=Letter.State.PUBLISHED).order_by(soonest, "-number"),
        _PER_PAGE,
    )
    pages = Paginator(
        rows.filter(state=Letter.State.PUBLISHED).order_by("-published_at"), _PER_PAGE
    )
    return render(
        request,
        "letters/overview.html",
        {
            "drafts": drafts.get_page(request.GET.get("utkast")),
            "page": pages.get_page(request.GET.get("sida")),
            "blogs": BlogImport.objects.filter(municipality=place, ready=True),
            "address": _public_list(place),
        },
    )


def _public_list(place: Municipality) -> str:
    """Return where everyone reads the letters; empty until a plan is published."""
    if Publication.objects.current(place) is None:
        return ""
    return public_address(place, "letters")


@requires(WRITE)
def new(request: MunicipalRequest) -> HttpResponse:
    """Ask for a new letter."""
    letter = Letter(municipality=request.municipality)
    last = (
        Letter.objects.filter(municipality=request.municipality, author=request.user)
        .only("author_role")
        .first()
    )
    letter.author_role = last.author_role if last else ""
    return _form(request, letter)


@requires(WRITE)
def edit(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show a letter's form, and what hinders it from being published."""
    return _form(request, _found(request.municipality, number))


def _initial(letter: Letter) -> dict[str, Any]:
    return {
        "title": letter.title,
        "text": letter.text,
        "tags": ", ".join(letter.tags),
        "author_role": letter.author_role,
        "revision": letter.revision,
    }


def _form(request: MunicipalRequest, letter: Letter) -> HttpResponse:
    publication = Publication.objects.current(request.municipality)
    if request.method == "POST" and PICK in request.POST:
        return _picked(request, letter, publication)
    form = LetterForm(request.POST or None, initial=_initial(letter))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            answer = _save(request, letter, form)
            if answer is not None:
                return answer
            status = 409 if form.has_error("__all__", "stale") else 422
    return _page(request, letter, form, publication, status)


def _save(
    request: MunicipalRequest, letter: Letter, form: LetterForm
) -> HttpResponse | None:
    """Store what was sent and lead on; None where the form says what is wrong."""
    fields = {k: v for k, v in form.cleaned_data.items() if k != "revision"}
    try:
        letter, _faults = letters.write(
            request, letter, fields, form.cleaned_data["revision"] or 0
        )
    except letters.StaleError:
        form.add_error(
            None,
            _error(
                _(
                    "Någon annan har sparat brevet medan du skrev. Din text står kvar här: kopiera den, öppna brevet på nytt och för in den."
                ),
                "stale",
            ),
        )
        return None
    except letters.UnfitError as unfit:
        for text in unfit.faults:
            form.add_error("text", text)
        return None
    messages.success(request, _("Brevet är sparat."))
    if "visa" in request.POST:
        return redirect(
            "letter_preview", kommun=request.municipality.slug, number=letter.number
        )
    return _back(letter)


def _error(text: str, code: str) -> Any:
    from django.core.exceptions import ValidationError

    return ValidationError(text, code=code)


def _picked(
    request: MunicipalRequest, letter: Letter, publication: Publication | None
) -> HttpResponse:
    """Put what was chosen last in the text; nothing is saved."""
    data = request.POST.copy()
    if publication is not None:
        chosen = PickerForm(publication, request.POST).chosen()
        text = data.get("text", "").rstrip()
        data["text"] = "\n\n".join(part for part in (text, " ".join(chosen)) if part)
    form = LetterForm(initial={**_initial(letter), **data.dict()})
    return _page(request, letter, form, publication, 200)


def _page(
    request: MunicipalRequest,
    letter: Letter,
    form: LetterForm,
    publication: Publication | None,
    status: int,
) -> HttpResponse:
    saved = letter.pk is not None
    return render(
        request,
        "letters/edit.html",
        {
            "letter": letter,
            "form": form,
            "picker": PickerForm(publication) if publication else None,
            "faults": letters.check(letter) if saved and not form.errors else [],
            "pictures": list(letter.pictures.all()) if saved else [],
            "picture_form": PictureForm() if saved else None,
            "when_form": WhenForm(initial={"when": letter.publish_at})
            if saved
            else None,
            "address": letters.letter_address(letter) if letter.is_public else "",
            "talk": letters.dialogue_of(letter) if saved else None,
            "comments_form": CommentsForm(initial={"role": letter.author_role})
            if saved
            else None,
        },
        status=status,
    )


@requires(WRITE, methods="GET")
def preview(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show a letter as it will be read."""
    letter = _found(request.municipality, number)
    place = request.municipality
    publication = Publication.objects.current(place)
    read = read_letter(letter.text)
    faults = letters.check(letter)

    def picture(one: LetterPicture) -> str:
        return reverse("letter_picture", args=[place.slug, number, one.number])

    shower = letter_figures.shower_of(
        letter,
        read,
        publication,
        lambda key: public_address(place, "project", project_id=key),
        picture,
    )
    body = letters.drawn(letter, shower)
    return render(
        request,
        "letters/preview.html",
        {
            "letter": letter,
            "body": mark_safe(body),  # noqa: S308 - made safe by letter_markup
            "moved": shower.moved,
            "faults": faults,
            "when_form": WhenForm(initial={"when": letter.publish_at}),
            "today": timezone.now(),
        },
    )


@requires(WRITE, methods="POST")
def publish(request: MunicipalRequest, number: int) -> HttpResponse:
    """Publish a letter now, or at the time that was given; or hold one that waits."""
    letter = _found(request.municipality, number)
    try:
        if "hall" in request.POST:
            letters.unschedule(request, letter)
            messages.success(request, _("Brevet är ett utkast igen."))
        elif "nu" in request.POST:
            letters.publish(request, letter)
            messages.success(request, _("Brevet är publicerat."))
        else:
            form = WhenForm(request.POST)
            if not form.is_valid():
                for text in form.errors.get("when", [_("Välj dag och tid.")]):
                    messages.error(request, str(text))
                return _back(letter)
            letters.schedule(request, letter, form.cleaned_data["when"])
            messages.success(request, _("Brevet publiceras när tiden är inne."))
    except letters.UnfitError as unfit:
        for text in unfit.faults:
            messages.error(request, text)
    return _back(letter)


@requires(WRITE)
def withdraw(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask why a published letter is taken back; sent, nobody else reaches it."""
    letter = _found(request.municipality, number)
    if not letter.is_public:
        return _back(letter)
    form = WithdrawLetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        letters.withdraw(request, letter, form.cleaned_data["why"])
        messages.success(request, _("Brevet är tillbakataget och ett utkast igen."))
        return _back(letter)
    status = 422 if request.method == "POST" else 200
    return render(
        request,
        "letters/withdraw.html",
        {"letter": letter, "form": form},
        status=status,
    )


@requires(WRITE, methods="POST")
def remove(request: MunicipalRequest, number: int) -> HttpResponse:
    """Remove a draft that has never been published."""
    letter = _found(request.municipality, number)
    if letter.published_at:
        messages.error(request, _("Ett brev som har varit publicerat tas inte bort."))
        return _back(letter)
    letters.remove(request, letter)
    messages.success(request, _("Utkastet är borttaget."))
    return redirect("letters", kommun=request.municipality.slug)


@requires(WRITE, methods="POST")
def remove_comment(request: MunicipalRequest, number: int) -> HttpResponse:
    """Remove a comment that came with an old blog."""
    letter = _found(request.municipality, number)
    index = whole_number(request.POST.get("nr", ""))
    if letters.remove_old_comment(request, letter, -1 if index is None else index):
        messages.success(request, _("Kommentaren är borttagen."))
    else:
        messages.error(request, _("Kommentaren finns inte längre."))
    return _back(letter)


@requires(WRITE, methods="POST")
def comments(request: MunicipalRequest, number: int) -> HttpResponse:
    """Let residents write about a letter, or not after all before they could."""
    letter = _found(request.municipality, number)
    if "ta-inte-emot" in request.POST:
        if letters.take_no_comments(request, letter):
            messages.success(request, _("Invånarna får inte skriva om brevet."))
        return _back(letter)
    form = CommentsForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            for text in errors:
                messages.error(request, str(text))
        return _back(letter)
    talk = letters.take_comments(request, letter, **form.cleaned_data)
    if talk.takes_comments():
        messages.success(request, _("Nu kan invånarna skriva om brevet."))
    else:
        messages.success(
            request, _("Invånarna får skriva om brevet när det är publicerat.")
        )
    return _back(letter)


# ---------------------------------------------------------------- pictures


@requires(WRITE, methods="POST")
def add_picture(request: MunicipalRequest, number: int) -> HttpResponse:
    """Take a picture of a letter."""
    letter = _found(request.municipality, number)
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        for name, errors in form.errors.items():
            for text in errors:
                messages.error(request, f"{form.fields[name].label}: {text}")
        return _back(letter)
    try:
        picture = letter_pictures.add(
            request, letter, form.cleaned_data["file"], form.cleaned_data["alt"]
        )
    except letter_pictures.RefusedError as refused:
        messages.error(request, str(refused))
        return _back(letter)
    messages.success(
        request,
        _("Bilden är sparad. Skriv {code} på en egen rad där den ska stå.").format(
            code=f"[[bild:{picture.number}]]"
        ),
    )
    return _back(letter)


def _picture(place: Municipality, number: int, picture: int) -> LetterPicture:
    return get_object_or_404(
        LetterPicture.objects.select_related("letter", "letter__municipality"),
        letter__municipality=place,
        letter__number=number,
        number=picture,
    )


@requires(WRITE, methods="GET")
def picture(request: MunicipalRequest, number: int, picture: int) -> HttpResponse:
    """Return a picture to whoever writes the letter."""
    return picture_answer(_picture(request.municipality, number, picture))


def picture_answer(found: LetterPicture) -> HttpResponse:
    """Return a picture as a browser takes it."""
    try:
        data = letter_pictures.content(found)
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(data, content_type=letter_pictures.TYPES[found.kind])
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@requires(WRITE, methods="POST")
def remove_picture(
    request: MunicipalRequest, number: int, picture: int
) -> HttpResponse:
    """Take a picture out of a letter, unless everyone sees it there."""
    found = _picture(request.municipality, number, picture)
    letter = found.letter
    shown = str(picture) in read_letter(letter.text).named("bild")
    if letter.is_public and shown:
        messages.error(request, _("Ta först bort bilden ur brevets text."))
        return _back(letter)
    letter_pictures.remove(request, found)
    messages.success(request, _("Bilden är borttagen."))
    return _back(letter)
