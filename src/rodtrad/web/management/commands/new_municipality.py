"""Add a municipality and its first administrator, who then invites the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rodtrad.web import cases, events
from rodtrad.web.models import Membership, Municipality, Underlag, User
from rodtrad.web.models.organisation import Role

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """`new_municipality "Vara kommun" eva@vara.se`."""

    help = "Lägg upp en kommun och dess första administratör."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name and the administrator's address."""
        parser.add_argument("name", help="kommunens namn")
        parser.add_argument("email", help="administratörens e-postadress")
        parser.add_argument("--slug", default="", help="kommunens del av adressen")
        parser.add_argument("--code", default="", help="kommunkod, fyra siffror")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the municipality, an empty underlag and the administrator."""
        name = options["name"].strip()
        slug = options["slug"] or slugify(name.removesuffix(" kommun"))
        municipality = Municipality(name=name, slug=slug, code=options["code"])
        try:
            municipality.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        municipality.save()
        Underlag.objects.create(municipality=municipality, name=name)
        email = options["email"].strip().lower()
        user = User.objects.filter(email__iexact=email).first()
        password = ""
        if user is None:
            password = cases.made_up_password()
            user = User(email=email)
            user.set_password(password)
            try:
                user.full_clean()
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            user.save()
        member = Membership.objects.create(
            user=user, municipality=municipality, role=Role.ADMINISTRATOR
        )
        events.record(None, municipality, "municipality.created", municipality)
        events.record(
            None,
            municipality,
            "membership.created",
            member,
            after={"role": member.role, "email": email},
        )
        self.stdout.write(
            _("Kommunen {name} har adressen /{slug}/.").format(name=name, slug=slug)
        )
        if password:
            self.stdout.write(
                _(
                    "{email} loggar in med lösenordet {password} och byter det sedan."
                ).format(email=email, password=password)
            )
