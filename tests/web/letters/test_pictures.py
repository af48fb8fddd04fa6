"""Are pictures checked, described and made anew without what the camera wrote?"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from PIL import Image
from web.letters.conftest import picture_file

from rodtrad.web import letter_pictures, letters
from rodtrad.web.letter_pictures import RefusedError
from rodtrad.web.models.letters import LetterPicture

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.conftest import ClientFor
    from web.letters.conftest import Write


def with_place() -> SimpleUploadedFile:
    """A photograph that says where it was taken, lying on its side."""
    image = Image.effect_noise((60, 20), 90).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "HEMLIG KAMERA"
    exif.get_ifd(0x8825)[2] = (57.0, 39.0, 0.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"HEMLIG KOMMENTAR")
    return SimpleUploadedFile("bild.jpg", out.getvalue())


def test_what_the_camera_wrote_is_gone_and_the_picture_stands_up(
    write: Write, asked: HttpRequest
) -> None:
    upload = with_place()
    assert b"HEMLIG" in upload.read()
    picture = letter_pictures.add(asked, write("Hej."), upload, "En bro")
    data = letter_pictures.content(picture)
    assert b"HEMLIG" not in data
    with Image.open(io.BytesIO(data)) as again:
        assert not again.getexif()
        assert "comment" not in again.info
        assert again.size == (20, 60) == (picture.width, picture.height)


def test_a_wide_picture_is_made_narrower(write: Write, asked: HttpRequest) -> None:
    upload = picture_file(size=(3000, 1000))
    picture = letter_pictures.add(asked, write("Hej."), upload, "Bred")
    assert (picture.width, picture.height) == (1360, 453)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_are_taken(kind: str, write: Write, asked: HttpRequest) -> None:
    picture = letter_pictures.add(asked, write("Hej."), picture_file(kind), "En bild")
    assert picture.kind in letter_pictures.TYPES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + bytes(100),
        b"\xff\xd8\xff" + bytes(50),
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"%PDF-1.4",
    ],
)
def test_what_is_no_picture_is_refused(
    data: bytes, write: Write, asked: HttpRequest
) -> None:
    with pytest.raises(RefusedError):
        letter_pictures.redrawn(SimpleUploadedFile("bild.jpg", data))


def test_a_picture_that_unpacks_to_too_much_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(RefusedError, match="bildpunkter"):
        letter_pictures.redrawn(SimpleUploadedFile("bomb.png", out.getvalue()))


def test_too_many_bytes_and_too_many_pictures_are_refused(
    write: Write, asked: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = write("Hej.")
    monkeypatch.setattr(letter_pictures, "MOST_PICTURES", 1)
    letter_pictures.add(asked, letter, picture_file(), "Ett")
    with pytest.raises(RefusedError):
        letter_pictures.add(asked, letter, picture_file(), "Två")
    monkeypatch.setattr(letter_pictures, "MOST_BYTES", 10)
    with pytest.raises(RefusedError, match="15 MB"):
        letter_pictures.redrawn(picture_file())


def test_a_picture_without_words_cannot_be_stored(
    write: Write, asked: HttpRequest, client_for: ClientFor
) -> None:
    letter = write("Hej.")
    with pytest.raises(IntegrityError), transaction.atomic():
        letter_pictures.add(asked, letter, picture_file(), "")
    client = client_for("administrator")
    at = f"/liten/brev/{letter.number}/bild/"
    for alt in ("", "   ", "\u200b"):
        client.post(at, {"file": picture_file(), "alt": alt})
    assert not LetterPicture.objects.exists()
    client.post(at, {"file": picture_file(), "alt": "En bro"})
    assert LetterPicture.objects.get().alt == "En bro"


def test_the_file_goes_with_the_last_letter_that_has_it(
    write: Write,
    asked: HttpRequest,
    django_capture_on_commit_callbacks: object,
) -> None:
    upload = picture_file()
    one = letter_pictures.add(asked, write("Ett."), upload, "Ett")
    two = letter_pictures.add(asked, write("Två.", title="Två"), upload, "Två")
    path = letter_pictures.path_of(one.checksum)
    assert one.checksum == two.checksum
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        letter_pictures.remove(asked, one)
    assert default_storage.exists(path)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        letter_pictures.remove(asked, two)
    assert not default_storage.exists(path)


def test_the_files_of_a_draft_go_with_it(
    write: Write,
    asked: HttpRequest,
    django_capture_on_commit_callbacks: object,
) -> None:
    shared = picture_file()
    draft, other = write("Ett."), write("Två.", title="Två")
    own = letter_pictures.add(asked, draft, picture_file(size=(50, 50)), "Egen")
    kept = letter_pictures.add(asked, draft, shared, "Delad")
    letter_pictures.add(asked, other, shared, "Delad")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        letters.remove(asked, draft)
    assert not default_storage.exists(letter_pictures.path_of(own.checksum))
    assert default_storage.exists(letter_pictures.path_of(kept.checksum))


def test_a_telephone_s_second_picture_is_left_out_and_one_that_moves_is_refused() -> (
    None
):
    first, second = (Image.effect_noise((40, 30), 80).convert("RGB") for _ in range(2))
    for kind in ("MPO", "WEBP", "PNG"):
        out = io.BytesIO()
        first.save(out, kind, save_all=True, append_images=[second])
        upload = SimpleUploadedFile("bild.jpg", out.getvalue())
        if kind == "MPO":
            data, _kind, size = letter_pictures.redrawn(upload)
            assert size == (40, 30)
            with Image.open(io.BytesIO(data)) as drawn:
                seen, sent = drawn.convert("L"), first.convert("L")
                assert abs(seen.getpixel((5, 5)) - sent.getpixel((5, 5))) < 60  # type: ignore[operator]
                assert getattr(drawn, "n_frames", 1) == 1
        else:
            with pytest.raises(RefusedError, match="rör sig"):
                letter_pictures.redrawn(upload)


def test_a_picture_stands_in_the_letter_with_its_words(
    write: Write, asked: HttpRequest, client_for: ClientFor
) -> None:
    letter = write("Se:\n\n[[bild:1]]\n")
    assert letters.check(letter)
    letter_pictures.add(asked, letter, picture_file(), 'En "bro" <b>')
    assert not letters.check(letter)
    client = client_for("administrator")
    page = client.get(f"/liten/brev/{letter.number}/visa/").content.decode()
    assert 'alt="En &quot;bro&quot; &lt;b&gt;"' in page
