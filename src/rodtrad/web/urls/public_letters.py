"""Public addresses of the letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_letters

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("brev/", public_letters.letter_list, name="public_letters"),
    path("brev/flode.xml", public_letters.feed, name="public_letters_feed"),
    path(
        "brev/bild/<int:letter>-<int:picture>",
        public_letters.picture,
        name="public_letter_picture",
    ),
    path("brev/<int:ar>/", public_letters.letter_list, name="public_letters_year"),
    path(
        "brev/<int:ar>/<int:manad>/",
        public_letters.letter_list,
        name="public_letters_month",
    ),
    path(
        "brev/<int:ar>/<int:manad>/<str:slug>/",
        public_letters.letter,
        name="public_letter",
    ),
]
