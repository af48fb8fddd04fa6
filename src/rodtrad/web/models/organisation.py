"""Who works here, in which municipality, and as what? People and their roles.

What a role may do is in `access`, and nowhere else. Leaves out how people log in
(allauth) and the pages where they are invited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Invitation", "Membership", "Municipality", "Role", "User"]

# First parts of addresses that are not municipalities.
RESERVED: Final = frozenset(
    {
        *("konto", "sprak", "tema", "csp", "static", "komponenter", "halsa", "hjalp"),
        *("om", "oppet", "open", "api"),
    }
)


class Role(models.TextChoices):
    """What someone is in a municipality; stored in ASCII, shown in Swedish."""

    ADMINISTRATOR = "administrator", _("administratör")
    EKONOM = "ekonom", _("ekonom")
    FORVALTNING = "forvaltning", _("förvaltning")
    CHEF = "chef", _("chef")
    FORTROENDEVALD = "fortroendevald", _("förtroendevald")
    LASARE = "lasare", _("läsare")


class UserManager(BaseUserManager["User"]):
    """Makes people, who are known by their address."""

    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Return a new person; without a password nobody can log in with one."""
        if not email:
            raise ValueError("a person needs an address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Return a new person who runs the whole installation."""
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person with an address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person. `session_stamp` is part of every session: a new one ends them all."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-postadress"), unique=True)
    name = models.CharField(_("namn"), max_length=150, blank=True)
    language = models.CharField(_("språk"), max_length=5, blank=True, default="")
    session_stamp = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        """One person an address, whatever its case."""

        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="web_user_email_folded")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, or the address where none is known."""
        return str(self)

    def get_short_name(self) -> str:
        """Return the name, or the address where none is known."""
        return str(self)

    def get_session_auth_hash(self) -> str:
        """Return what every session of this person must carry to be valid."""
        return self._stamped(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        """Give what sessions from before a change of the secret key carry."""
        for earlier in super().get_session_auth_fallback_hash():
            yield self._stamped(earlier)

    def _stamped(self, inner: str) -> str:
        text = f"{inner}|{self.session_stamp}"
        return salted_hmac("rodtrad.web.session", text, algorithm="sha256").hexdigest()

    def end_sessions(self) -> None:
        """Log the person out everywhere, at once."""
        type(self).objects.filter(pk=self.pk).update(
            session_stamp=models.F("session_stamp") + 1
        )


class Municipality(models.Model):
    """A municipality; everything else belongs to one.

    `heard` grows when residents change what everyone reads (see `public_now`).
    """

    slug = models.SlugField(_("adress"), unique=True, max_length=60)
    name = models.CharField(_("namn"), max_length=120)
    code = models.CharField(_("kommunkod"), max_length=4, blank=True)
    second_factor_roles = models.JSONField(
        _("roller som loggar in i två steg"), default=list, blank=True
    )
    thin_after_months = models.PositiveSmallIntegerField(
        _("månader tills en stängd dialog gallras"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    heard = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Sorted by name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that another page has."""
        if self.slug in RESERVED:
            raise ValidationError({"slug": _("Den adressen används till annat.")})


class Membership(models.Model):
    """What a person is in a municipality. Taken away, the person is logged out."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("roll"), max_length=20, choices=Role.choices)
    group = models.CharField(
        _("grupp"),
        max_length=80,
        blank=True,
        help_text=_("Parti eller enhet, fri text."),
    )
    from_directory = models.BooleanField(
        _("följer kommunens katalog"),
        default=False,
        help_text=_("Rollen ges och tas bort efter grupper vid varje inloggning."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One role a person and municipality."""

        ordering: ClassVar = ["municipality__name", "user__email"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "municipality"], name="web_membership_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.municipality} · {self.get_role_display()}"


class Invitation(models.Model):
    """An invitation sent to an address; only the hash of its secret is kept."""

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(_("e-postadress"))
    role = models.CharField(_("roll"), max_length=20, choices=Role.choices)
    group = models.CharField(_("grupp"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="invitations_sent"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    link_shown = models.BooleanField(
        default=False,
        help_text=_("Länken visades för den som bjöd in; den bevisar ingen adress."),
    )

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["municipality", "email"])]

    def __str__(self) -> str:
        return f"{self.email} · {self.municipality}"

    @property
    def state(self) -> str:
        """Return `used`, `expired` or `open`."""
        if self.accepted_at is not None:
            return "used"
        return "expired" if self.expires_at <= timezone.now() else "open"
