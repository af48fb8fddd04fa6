"""What does a letter show of the plan? Projects and figures, of its day and of today.

A figure is kept as it was when the letter was published; where the plan now says
otherwise, the letter says so beside it. What came from a version that has been taken
back is not shown. Leaves out the text's own markup (publish.letter_markup).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.web import dialogue_setup, public_parts
from rodtrad.web.models.publishing import Publication, PublicItem
from rodtrad.web.templatetags.rodtrad import mkr, number, quality_mark, share

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from rodtrad.publish.letter_markup import Letter as Read
    from rodtrad.publish.letter_markup import Reference
    from rodtrad.web.models.letters import Letter, LetterPicture

PROJECT: Final = "projekt"
FIGURE: Final = "siffra"
PICTURE: Final = "bild"
# By name in a letter: where in plan.json, its unit, and its words.
_SERIES: Final = {
    "resultat": ("statement", "ar", "tkr", lazy("årets resultat")),
    "resultatandel": (
        "indicators",
        "res_andel",
        "share",
        lazy("resultatets andel av skatter och bidrag"),
    ),
    "lan": ("balance", "loans", "tkr", lazy("lån")),
    "lan_per_invanare": ("indicators", "lan_inv", "kr", lazy("lån per invånare")),
    "soliditet": ("indicators", "sol", "share", lazy("soliditet")),
    "sjalvfinansiering": (
        "indicators",
        "sfg",
        "share",
        lazy("självfinansieringsgrad"),
    ),
}
_WHOLE: Final = {
    "plan.kostnad": ("cost_tkr", "tkr", lazy("planens investeringar")),
    "plan.ingar": ("in", "count", lazy("projekt som ryms")),
    "plan.projekt": ("projects", "count", lazy("projekt i planen")),
    "plan.forsta_ar": ("first_year", "year", lazy("planens första år")),
    "plan.sista_ar": ("last_year", "year", lazy("planens sista år")),
}
_OF_PROJECT: Final = {
    "kostnad": ("cost_tkr", "tkr", lazy("kostnad")),
    "start": ("start_year", "year", lazy("start")),
    "i_bruk": ("in_use_year", "year", lazy("i bruk")),
}
_MOST: Final = "hogst"
_LEAST: Final = "lagst"


@dataclass(frozen=True)
class Value:
    """A figure of the plan: what it is called, and a number with its unit and quality."""

    label: str
    value: float | None
    unit: str
    quality: str = ""

    def words(self) -> str:
        """Return the figure in the reader's language, with its unit."""
        return shown(self.value, self.unit)


def shown(value: float | None, unit: str) -> str:
    """Return a figure in the reader's language, with its unit."""
    if value is None:
        return _("uppgift saknas")
    if unit == "tkr":
        return mkr(value) + "\u00a0" + _("mkr")
    if unit == "kr":
        return f"{number(round(value, -2))}\u00a0{_('kr')}"
    if unit == "share":
        return share(value)
    if unit == "year":
        return str(int(value))
    return number(value)


# ---------------------------------------------------------------- the plan's figures


def plan_figures(publication: Publication) -> dict[str, Value]:
    """Return every figure of the plan as a whole, by its name in a letter."""
    return public_parts.kept(
        publication, "letter_figures", lambda: _plan_figures(publication)
    )


def _plan_figures(publication: Publication) -> dict[str, Value]:
    plan, facts = publication.plan_shown, publication.facts
    years: list[int] = list(plan["years"])
    qualities = (plan.get("quality") or {}).get("figures") or {}
    found = {
        name: Value(str(label), facts.get(key), unit)
        for name, (key, unit, label) in _WHOLE.items()
    }
    for name, (part, key, unit, label) in _SERIES.items():
        values = (plan.get(part) or {}).get(key) or []
        quality = str(qualities.get(key) or "berakning")
        known = [
            (year, value)
            for year, value in zip(years, values, strict=False)
            if value is not None
        ]
        for year, value in known:
            found[f"{name}.{year}"] = Value(f"{label} {year}", value, unit, quality)
        if known:
            most = max(known, key=lambda one: one[1])[1]
            least = min(known, key=lambda one: one[1])[1]
            found[f"{name}.{_MOST}"] = Value(
                _("{figure}, som högst").format(figure=label), most, unit, quality
            )
            found[f"{name}.{_LEAST}"] = Value(
                _("{figure}, som lägst").format(figure=label), least, unit, quality
            )
    return found


def split_project_figure(name: str) -> tuple[str, str] | None:
    """Return project and figure of `projekt.ID.kostnad`; None for other names."""
    if not name.startswith(f"{PROJECT}."):
        return None
    project_id, _dot, what = name.removeprefix(f"{PROJECT}.").rpartition(".")
    return (project_id, what) if project_id and what in _OF_PROJECT else None


def projects_of(read: Read) -> list[str]:
    """Return the ids of the projects that a text mentions, also by their figures."""
    found = dict.fromkeys(read.named(PROJECT))
    for name in read.named(FIGURE):
        split = split_project_figure(name)
        if split:
            found[split[0]] = None
    return list(found)


def items_named(publication: Publication, ids: Iterable[str]) -> dict[str, PublicItem]:
    """Return the plan's projects by id, as a letter has written it.

    One that has another id now is found by that.
    """
    wanted = list(ids)
    found = _items(publication, wanted)
    lost = [one for one in wanted if one not in found]
    if lost:
        now = dialogue_setup.ids_now(publication.municipality_id, lost)
        items = _items(publication, list(now.values()))
        found |= {old: items[new] for old, new in now.items() if new in items}
    return found


def _items(publication: Publication, ids: Collection[str]) -> dict[str, PublicItem]:
    if not ids:
        return {}
    found = PublicItem.objects.filter(publication=publication, project_id__in=ids)
    return {item.project_id: item for item in found}


def item_facts(item: PublicItem) -> dict[str, Any]:
    """Return what a letter keeps of a project."""
    return {
        "name": item.name,
        "state": item.state,
        "cost_tkr": item.cost_tkr,
        "start_year": item.start_year,
        "in_use_year": item.in_use_year,
        "quality": str(item.data.get("outlay_quality") or ""),
    }


# ---------------------------------------------------------------- what a letter keeps


def cites_of(
    read: Read, publication: Publication | None, earlier: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Reference]]:
    """Return what each reference shows today, and those that show nothing.

    Args:
        read: the letter's text.
        publication: the newest plan; None where none is public.
        earlier: what the letter keeps already; of a published letter it stays.
    """
    items = items_named(publication, projects_of(read)) if publication else {}
    cites: dict[str, Any] = {}
    missing: list[Reference] = []
    for reference in read.references:
        if reference.kind == PICTURE:
            continue
        if reference.text in earlier:
            cites[reference.text] = earlier[reference.text]
            continue
        found = _cite(reference, publication, items) if publication else None
        if found is None or publication is None:
            missing.append(reference)
        else:
            cites[reference.text] = {**found, "version": publication.number}
    return cites, missing


def _cite(
    reference: Reference, publication: Publication, items: Mapping[str, PublicItem]
) -> dict[str, Any] | None:
    if reference.kind == PROJECT:
        item = items.get(reference.name)
        return item_facts(item) if item else None
    value = _figure(reference.name, publication, items)
    if value is None:
        return None
    facts = {"value": value.value, "unit": value.unit, "quality": value.quality}
    item = items.get(project_in(reference))
    return {**facts, "name": item.name} if item else facts


def _figure(
    name: str, publication: Publication, items: Mapping[str, PublicItem]
) -> Value | None:
    split = split_project_figure(name)
    if split is None:
        return plan_figures(publication).get(name)
    item = items.get(split[0])
    if item is None:
        return None
    key, unit, label = _OF_PROJECT[split[1]]
    value = getattr(item, key)
    # a project that is not built has no years
    if value is None:
        return None
    quality = str(item.data.get("outlay_quality") or "") if unit == "tkr" else ""
    return Value(f"{item.name}: {label}", value, unit, quality)


# ---------------------------------------------------------------- how it is shown


@dataclass
class Shower:
    """Shows a letter's references: what it says, and what the plan says now.

    `moved` holds what has changed since the letter's day, in sentences.
    """

    cites: Mapping[str, Any]
    publication: Publication | None
    items: Mapping[str, PublicItem]
    address: Callable[[str], str]
    picture_address: Callable[[LetterPicture], str]
    pictures: Mapping[str, LetterPicture]
    withdrawn: frozenset[int]
    moved: list[str]
    has_figures: bool = False

    def _now(self, reference: Reference) -> dict[str, Any] | None:
        if self.publication is None:
            return None
        return _cite(reference, self.publication, self.items)

    def _cited(self, reference: Reference) -> dict[str, Any] | None:
        """Return what the letter keeps, unless that version has been taken back."""
        cite = self.cites.get(reference.text)
        if cite is None or cite.get("version") in self.withdrawn:
            return None
        return dict(cite)

    def inline(self, reference: Reference) -> str:
        """Return a reference in running text."""
        was, now = self._cited(reference), self._now(reference)
        if reference.kind == PROJECT:
            return self._project_name(reference, was, now)
        self.has_figures = True
        if was is None and now is None:
            return _missing(_("siffran finns inte längre i planen"))
        first = was or now or {}
        text = shown(first["value"], first["unit"])
        marked = format_html(
            '<span class="cite">{}{}</span>', text, quality_mark(first.get("quality"))
        )
        later = self._later(reference, was, now, text)
        return format_html("{}{}", marked, later)

    def _later(
        self,
        reference: Reference,
        was: dict[str, Any] | None,
        now: dict[str, Any] | None,
        text: str,
    ) -> SafeString:
        """Return what the plan says now, if it is something else."""
        if was is None:
            return SafeString("")
        label = self.label(reference, was)
        if now is None:
            self.moved.append(
                _("{figure}: finns inte längre i planen. Brevet säger {was}.").format(
                    figure=label, was=text
                )
            )
            return format_html(
                ' <span class="since">({})</span>', _("finns inte längre i planen")
            )
        today = shown(now["value"], now["unit"])
        if today == text:
            return SafeString("")
        self.moved.append(
            _("{figure}: {now} nu, {was} i brevet.").format(
                figure=label, now=today, was=text
            )
        )
        return format_html(
            ' <span class="since">({})</span>', _("nu {now}").format(now=today)
        )

    def label(self, reference: Reference, was: Mapping[str, Any] | None) -> str:
        """Return what a figure is called; no project that nobody may read of is named."""
        split = split_project_figure(reference.name)
        if split:
            item = self.items.get(split[0])
            name = item.name if item else (was or {}).get("name")
            name = name or capfirst(_("ett projekt som inte visas längre"))
            return f"{name}: {_OF_PROJECT[split[1]][2]}"
        found = (
            plan_figures(self.publication).get(reference.name)
            if self.publication
            else None
        )
        return found.label if found else reference.name

    def _project_name(
        self,
        reference: Reference,
        was: dict[str, Any] | None,
        now: dict[str, Any] | None,
    ) -> str:
        if now is not None:
            at = self.address(self.items[reference.name].project_id)
            return format_html('<a href="{}">{}</a>', at, now["name"])
        if was is None:
            return _missing(_("ett projekt som inte visas längre"))
        self.moved.append(
            _("{name} finns inte längre i planen.").format(name=was["name"])
        )
        return format_html(
            '{} <span class="since">({})</span>',
            was["name"],
            _("finns inte längre i planen"),
        )

    def block(self, references: list[Reference]) -> str:
        """Return the references of a paragraph of their own: pictures, then a box."""
        figures = [one for one in references if one.kind == PICTURE]
        live = [one for one in references if one.kind != PICTURE]
        drawn = [self._picture(one) for one in figures]
        if live:
            self.has_figures = True
            lines = format_html_join(
                "",
                "<p>{}</p>",
                ((mark_safe(self._line(one)),) for one in live),  # noqa: S308 - escaped
            )
            drawn.append(
                format_html(
                    '<aside class="live" aria-label="{}">{}<p class="small muted">{}</p></aside>',
                    _("Ur planen"),
                    lines,
                    self._origin(live),
                )
            )
        return "".join(drawn)

    def _line(self, reference: Reference) -> str:
        if reference.kind == FIGURE:
            said = mark_safe(self.inline(reference))  # noqa: S308 - escaped there
            label = self.label(reference, self._cited(reference))
            return format_html("{}: {}", label, said)
        was, now = self._cited(reference), self._now(reference)
        name = mark_safe(self._project_name(reference, was, now))  # noqa: S308 - escaped
        first = was or now
        if first is None:
            return name
        told = _project_words(first)
        parts = format_html(
            '<b>{}</b> · <span class="cite">{}</span>{}',
            name,
            told,
            quality_mark(first.get("quality")),
        )
        if was is None or now is None:
            return parts
        today = _project_words(now)
        if today == told:
            return parts
        self.moved.append(
            _("{name}: {now} nu, {was} i brevet.").format(
                name=now["name"], now=today, was=told
            )
        )
        return format_html(
            '{} <span class="since">({})</span>', parts, _("nu {now}").format(now=today)
        )

    def _origin(self, references: list[Reference]) -> str:
        """Return which version the figures of a box are from, and if they still hold."""
        versions = sorted(
            {int(cite["version"]) for one in references if (cite := self._cited(one))}
        )
        if not versions:
            return _("Siffrorna är planens nu.")
        stale = any(
            _words_of(one, self._cited(one)) != _words_of(one, self._now(one))
            for one in references
        )
        n = versions[-1]
        if stale:
            return _(
                "Siffrorna är från version {n}. Planen har ändrats sedan dess."
            ).format(n=n)
        return _("Siffrorna är ur planens version {n} och gäller i dag.").format(n=n)

    def _picture(self, reference: Reference) -> str:
        picture = self.pictures.get(reference.name)
        if picture is None:
            return ""
        return format_html(
            '<figure class="letterpic"><img src="{}" alt="{}" width="{}" height="{}" loading="lazy"></figure>',
            self.picture_address(picture),
            picture.alt,
            picture.width,
            picture.height,
        )

    def words(self, reference: Reference) -> str:
        """Return a reference in plain text, for a mail or for search."""
        if reference.kind == PICTURE:
            picture = self.pictures.get(reference.name)
            return _("[Bild: {alt}]").format(alt=picture.alt) if picture else ""
        was = self._cited(reference)
        newest = self.publication.number if self.publication else None
        if was is not None and was.get("version") == newest:
            return _plain(reference, was)
        now = self._now(reference)
        if was is None:
            return "–" if now is None else _plain(reference, now)
        if now is None:
            return f"{_plain(reference, was)} ({_('finns inte längre i planen')})"
        if reference.kind == PROJECT:
            return _plain(reference, now)
        before, today = _plain(reference, was), _plain(reference, now)
        if before == today:
            return before
        return f"{before} ({_('nu {now}').format(now=today)})"


def _plain(reference: Reference, facts: Mapping[str, Any]) -> str:
    """Return a project's name, or a figure with its unit."""
    if reference.kind == PROJECT:
        return str(facts["name"])
    return shown(facts["value"], facts["unit"])


def as_of(letter: Letter) -> str:
    """Return which version a letter's figures are from, for a mail; empty without any.

    A mail stays as it was sent, so it also says where later changes are told.
    """
    versions = [
        int(cite["version"])
        for text, cite in letter.cites.items()
        if cite.get("version") and not text.startswith(f"[[{PROJECT}:")
    ]
    if not versions:
        return ""
    return _(
        "Siffrorna är ur planens version {n}. Ändras planen står det i brevet på webbplatsen."
    ).format(n=max(versions))


def _words_of(reference: Reference, cite: Mapping[str, Any] | None) -> str:
    if cite is None:
        return ""
    if reference.kind == PROJECT:
        return _project_words(cite)
    return shown(cite["value"], cite["unit"])


def _missing(text: str) -> SafeString:
    return format_html('<span class="since">({})</span>', text)


def _project_words(facts: Mapping[str, Any]) -> str:
    """Return cost and years of a project, in the reader's language."""
    cost = shown(facts["cost_tkr"], "tkr")
    if facts["state"] != "in":
        return _("{cost} · ryms inte i planen").format(cost=cost)
    return _("{cost} · start {a}, i bruk {b}").format(
        cost=cost, a=facts["start_year"], b=facts["in_use_year"]
    )


def shower_of(
    letter: Letter,
    read: Read,
    publication: Publication | None,
    address: Callable[[str], str],
    picture_address: Callable[[LetterPicture], str],
) -> Shower:
    """Return what shows the references of a letter, beside the newest plan."""
    cited = {cite.get("version") for cite in letter.cites.values()}
    current = publication.number if publication else None
    withdrawn: frozenset[int] = frozenset()
    if cited - {current, None}:
        withdrawn = withdrawn_among(letter.municipality_id, cited)
    return Shower(
        cites=letter.cites,
        publication=publication,
        items=items_named(publication, projects_of(read)) if publication else {},
        address=address,
        picture_address=picture_address,
        pictures={str(one.number): one for one in letter.pictures.all()}
        if letter.pk and read.named(PICTURE)
        else {},
        withdrawn=withdrawn,
        moved=[],
    )


def project_in(reference: Reference) -> str:
    """Return the project that a reference is about; empty for the plan as a whole."""
    if reference.kind == PROJECT:
        return reference.name
    split = split_project_figure(reference.name)
    return split[0] if split else ""


def withdrawn_among(municipality_id: int, numbers: Iterable[Any]) -> frozenset[int]:
    """Return which of some versions have been taken back."""
    if not any(numbers):
        return frozenset()
    found = Publication.objects.filter(
        municipality_id=municipality_id,
        number__in=[n for n in numbers if n is not None],
        withdrawn_at__isnull=False,
    )
    return frozenset(found.values_list("number", flat=True))


def figure_choices(publication: Publication) -> list[tuple[str, str]]:
    """Return the plan's figures for the form: as written in a letter, and in words."""
    return [
        (f"[[{FIGURE}:{name}]]", f"{value.label}: {value.words()}")
        for name, value in plan_figures(publication).items()
    ]
