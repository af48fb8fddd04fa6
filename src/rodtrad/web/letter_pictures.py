"""Which pictures may stand in a letter, and where do they lie? Made anew, never as sent.

A picture is opened by its content, not its name; too large ones are refused before they
are unpacked. It is drawn anew without what the camera wrote in it (place, time, person),
turned as it is meant to be seen and no wider than a page needs. Leaves out its place in
the text.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.web import events
from rodtrad.web.models.letters import Letter, LetterPicture

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest
    from PIL.Image import Image

MOST_BYTES: Final = 15_000_000
MOST_DOTS: Final = 50_000_000
MOST_WIDTH: Final = 1360
MOST_PICTURES: Final = 20
TYPES: Final = {"jpg": "image/jpeg", "png": "image/png"}
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MOVING: Final = ("PNG", "WEBP")
_QUALITY: Final = 82
_MANY_COLOURS: Final = 4096

events.declare_object(
    "letterpicture",
    gettext_lazy("bild i ett brev"),
    {"alt": gettext_lazy("vad den visar")},
)
events.declare_action(
    "letter.picture_added", gettext_lazy("lade till en bild i ett brev")
)
events.declare_action(
    "letter.picture_removed", gettext_lazy("tog bort en bild ur ett brev")
)


class RefusedError(Exception):
    """A picture is not taken; the text says why and what to do, to the person."""


def path_of(checksum: str) -> str:
    """Return where a picture lies among the files of the installation."""
    return f"brevbilder/{checksum[:2]}/{checksum}"


def redrawn(upload: UploadedFile[bytes]) -> tuple[bytes, str, tuple[int, int]]:
    """Return a picture drawn anew, its kind and its size in dots.

    Raises:
        RefusedError: it is no picture, too large, or damaged.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    if (upload.size or 0) > MOST_BYTES:
        raise RefusedError(_("Bilden är större än 15 MB. Spara den mindre."))
    upload.seek(0)
    data = upload.read()
    try:
        with warnings.catch_warnings():
            # a picture that unpacks to too much is asked about below
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=_FORMATS) as found:
                if found.width * found.height > MOST_DOTS:
                    raise _too_many_dots()
                # a telephone's jpg may hold a second picture beside; the first is seen
                if found.format in _MOVING and getattr(found, "is_animated", False):
                    raise RefusedError(
                        _("Bilden rör sig. Spara den som en stilla bild.")
                    )
                found.seek(0)
                found.load()
                image = ImageOps.exif_transpose(found)
    except RefusedError:
        raise
    except Pillow.DecompressionBombError:
        raise _too_many_dots() from None
    except (OSError, ValueError, SyntaxError, MemoryError) as fault:
        raise RefusedError(
            _("Filen är ingen bild av slaget jpg, png eller webp, eller är skadad.")
        ) from fault
    return _packed(image)


def _too_many_dots() -> RefusedError:
    return RefusedError(_("Bilden har för många bildpunkter. Spara den mindre."))


def _packed(image: Image) -> tuple[bytes, str, tuple[int, int]]:
    """Return a picture's own dots and nothing else."""
    from PIL import Image as Pillow

    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    plain = image.convert("RGBA" if clear else "RGB")
    if plain.width > MOST_WIDTH:
        height = max(1, round(plain.height * MOST_WIDTH / plain.width))
        plain = plain.resize((MOST_WIDTH, height), Pillow.Resampling.LANCZOS)
    # only dots are taken along, so that nothing written beside them is
    fresh = Pillow.new(plain.mode, plain.size)
    fresh.paste(plain)
    out = io.BytesIO()
    if clear or fresh.getcolors(_MANY_COLOURS) is not None:
        fresh.save(out, "PNG", optimize=True)
        return out.getvalue(), "png", fresh.size
    fresh.save(out, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return out.getvalue(), "jpg", fresh.size


@transaction.atomic
def add(
    who: HttpRequest, letter: Letter, upload: UploadedFile[bytes], alt: str
) -> LetterPicture:
    """Store a picture of a letter.

    Raises:
        RefusedError: it is not taken.
    """
    data, kind, (width, height) = redrawn(upload)
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if letter.pictures.count() >= MOST_PICTURES:
        raise RefusedError(_("Ett brev har högst {n} bilder.").format(n=MOST_PICTURES))
    checksum = hashlib.sha256(data).hexdigest()
    if not default_storage.exists(path_of(checksum)):
        default_storage.save(path_of(checksum), ContentFile(data))
    last = letter.pictures.aggregate(n=Max("number"))["n"] or 0
    picture = LetterPicture.objects.create(
        letter=letter,
        number=last + 1,
        alt=alt,
        kind=kind,
        width=width,
        height=height,
        size=len(data),
        checksum=checksum,
    )
    events.record(
        who,
        letter.municipality,
        "letter.picture_added",
        picture,
        {"alt": None},
        {"alt": alt},
    )
    return picture


@transaction.atomic
def remove(who: HttpRequest, picture: LetterPicture) -> None:
    """Take a picture out of its letter; the file stays while another letter has it."""
    place = picture.letter.municipality
    events.record(who, place, "letter.picture_removed", picture, {"alt": picture.alt})
    picture.delete()
    forget_files([picture.checksum])


def forget_files(checksums: Collection[str]) -> None:
    """Remove the files that no letter has any more, once the letter's change is stored."""

    def forget() -> None:
        for checksum in set(checksums) - set(
            LetterPicture.objects.filter(checksum__in=checksums).values_list(
                "checksum", flat=True
            )
        ):
            default_storage.delete(path_of(checksum))

    transaction.on_commit(forget)


def content(picture: LetterPicture) -> bytes:
    """Return a picture's bytes.

    Raises:
        FileNotFoundError: the file is gone.
    """
    with default_storage.open(path_of(picture.checksum)) as file:
        data: bytes = file.read()
        return data
