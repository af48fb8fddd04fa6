"""Which words of the core does the application translate when it shows them?

The core speaks Swedish and keeps its words in tables; the application looks them up in
the reader's language by the Swedish word. This file only names them, so that they are
found when texts are collected for translation; a test keeps it equal to the tables.
Leaves out whole sentences of the core: they are shown as they are, marked as Swedish.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

GATES: Final = (
    _("Behov"),
    _("Behovsanalys"),
    _("Förstudie"),
    _("Inriktning och plan"),
    _("Projektering"),
    _("Startbeslut"),
    _("Genomförande"),
    _("Ibruktagande"),
    _("Slutredovisning"),
    _("Effektuppföljning"),
)
DRIVERS: Final = (
    _("lagkrav eller myndighetskrav"),
    _("arbetsmiljö"),
    _("befolkning och platser"),
    _("skick och underhåll"),
    _("ekonomi"),
    _("klimat och energi"),
    _("beredskap"),
    _("politiskt mål"),
)
ALTERNATIVES: Final = (
    _("gör inget"),
    _("anpassa"),
    _("bygg om"),
    _("bygg nytt"),
    _("hyr"),
    _("köp"),
    _("samverka"),
    _("avveckla"),
)
INDICATORS: Final = (
    _("Resultat av skatter och bidrag"),
    _("Balanskravsresultat av skatter och bidrag"),
    _("Soliditet"),
    _("Soliditet med alla pensioner"),
    _("Självfinansieringsgrad"),
    _("Låneskuld per invånare"),
    _("Nettolåneskuld av skatter och bidrag"),
    _("Investeringar av skatter och bidrag"),
    _("Nettokostnadsandel"),
)
OPERATORS: Final = (_("minst"), _("högst"))
DECIDERS: Final = (
    _("förvaltningen eller nämnden"),
    _("nämnden"),
    _("nämnden eller kommunstyrelsen"),
    _("kommunfullmäktige, i investeringsplanen"),
    _("kommunstyrelsen"),
    _("kommunstyrelsen eller kommunfullmäktige"),
    _("projektets styrgrupp"),
    _("ekonomiavdelningen, som börjar skriva av"),
)
