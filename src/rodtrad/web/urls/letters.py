"""Addresses where the letter is written, for those who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import letter_import, letters

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("brev/", letters.overview, name="letters"),
    path("brev/nytt/", letters.new, name="letter_new"),
    path("brev/blogg/", letter_import.send, name="blog_send"),
    path("brev/blogg/<int:number>/", letter_import.pending, name="blog_pending"),
    path("brev/blogg/<int:number>/kasta/", letter_import.discard, name="blog_discard"),
    path(
        "brev/blogg/<int:number>/<int:position>/", letter_import.post, name="blog_post"
    ),
    path("brev/<int:number>/", letters.edit, name="letter_edit"),
    path("brev/<int:number>/visa/", letters.preview, name="letter_preview"),
    path("brev/<int:number>/publicera/", letters.publish, name="letter_publish"),
    path("brev/<int:number>/ta-tillbaka/", letters.withdraw, name="letter_withdraw"),
    path("brev/<int:number>/ta-bort/", letters.remove, name="letter_remove"),
    path(
        "brev/<int:number>/kommentar/",
        letters.remove_comment,
        name="letter_remove_comment",
    ),
    path("brev/<int:number>/synpunkter/", letters.comments, name="letter_comments"),
    path("brev/<int:number>/bild/", letters.add_picture, name="letter_add_picture"),
    path(
        "brev/<int:number>/bild/<int:picture>/", letters.picture, name="letter_picture"
    ),
    path(
        "brev/<int:number>/bild/<int:picture>/ta-bort/",
        letters.remove_picture,
        name="letter_remove_picture",
    ),
]
