"""What does a link to the plan look like where it is shared? A picture with words.

1200 × 630 px, drawn with the package's own fonts and kept in the process: a published
version does not change. Leaves out who asks for it (views/public_feed).
"""

from __future__ import annotations

import io
import textwrap
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SIZE: Final = (1200, 630)
_GROUND, _INK, _SOFT, _THREAD = "#FAF8F4", "#1B2430", "#4C5664", "#C3172F"
_LEFT: Final = 96
_HEAD_LETTERS: Final = 30
_HEAD_LINES: Final = 3


@cache
def _font(name: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    place = files("rodtrad.publish") / "static" / "fonts" / "print" / name
    return ImageFont.truetype(io.BytesIO(place.read_bytes()), size)


def draw_picture(above: str, head: str, lines: list[str]) -> bytes:
    """Return a PNG with a line above, a heading and at most three lines under it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, _GROUND)
    pen = ImageDraw.Draw(image)
    # the thread, with its knot at the heading
    pen.line([(48, 0), (48, SIZE[1])], fill=_THREAD, width=5)
    pen.ellipse([(34, 168), (62, 196)], fill=_GROUND, outline=_THREAD, width=5)
    pen.text(
        (_LEFT, 76), above[:70], font=_font("SourceSans3-Semibold.otf", 34), fill=_SOFT
    )
    wrapped = textwrap.wrap(head, _HEAD_LETTERS)
    if len(wrapped) > _HEAD_LINES:
        wrapped = [*wrapped[: _HEAD_LINES - 1], wrapped[_HEAD_LINES - 1] + " …"]
    y = 140
    for line in wrapped:
        pen.text(
            (_LEFT, y), line, font=_font("SourceSerif4-Semibold.otf", 68), fill=_INK
        )
        y += 82
    y += 26
    for line in lines[:3]:
        pen.text(
            (_LEFT, y), line[:64], font=_font("SourceSans3-Regular.otf", 38), fill=_INK
        )
        y += 54
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()
