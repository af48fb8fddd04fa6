"""What is asked of someone who logs in, is invited, or invites others?

The forms of logging in are allauth's, with our own words. Leaves out what happens with
the answers (people, sign_on).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as second_step
from allauth.mfa.totp import forms as app
from allauth.mfa.webauthn import forms as passkey
from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Membership, Municipality, Role, User

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

PASSWORD_RULES = _(
    "Minst 12 tecken, gärna flera ord efter varandra. Inte ditt namn, inte bara siffror."
)


class _OwnWords:
    """Gives the fields of a form our own labels and hints, and no placeholders."""

    labels: ClassVar[dict[str, _StrOrPromise]] = {}
    hints: ClassVar[dict[str, _StrOrPromise]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")


class LoginForm(_OwnWords, account.LoginForm):  # type: ignore[misc]
    """Address and password."""

    labels: ClassVar = {"login": _("E-postadress"), "password": _("Lösenord")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let password managers know what the first field is."""
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class ChangePasswordForm(_OwnWords, account.ChangePasswordForm):  # type: ignore[misc]
    """The present password and a new one."""

    labels: ClassVar = {
        "oldpassword": _("Nuvarande lösenord"),
        "password1": _("Nytt lösenord"),
        "password2": _("Nytt lösenord en gång till"),
    }
    hints: ClassVar = {"password1": PASSWORD_RULES}


class SetPasswordForm(_OwnWords, account.SetPasswordForm):  # type: ignore[misc]
    """A first password, for someone who logs in through the municipality."""

    labels: ClassVar = {
        "password1": _("Lösenord"),
        "password2": _("Lösenordet en gång till"),
    }
    hints: ClassVar = {"password1": PASSWORD_RULES}


class ResetPasswordForm(_OwnWords, account.ResetPasswordForm):  # type: ignore[misc]
    """The address that gets a letter."""

    labels: ClassVar = {"email": _("E-postadress")}


class ResetPasswordKeyForm(
    _OwnWords,
    account.ResetPasswordKeyForm,  # type: ignore[misc]
):
    """A new password, from the link of the letter."""

    labels: ClassVar = {
        "password1": _("Nytt lösenord"),
        "password2": _("Nytt lösenord en gång till"),
    }
    hints: ClassVar = {"password1": PASSWORD_RULES}


class ReauthenticateForm(_OwnWords, account.ReauthenticateForm):  # type: ignore[misc]
    """The password, once more."""

    labels: ClassVar = {"password": _("Lösenord")}


_CODE: dict[str, _StrOrPromise] = {"code": _("Kod")}


def _numeric(field: forms.Field) -> None:
    field.widget.attrs["autocapitalize"] = "off"
    field.widget.attrs["spellcheck"] = "false"


class CodeForm(_OwnWords, second_step.AuthenticateForm):  # type: ignore[misc]
    """The code of the second step."""

    labels: ClassVar = _CODE
    hints: ClassVar = {"code": _("Sex siffror från appen, eller en reservkod.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep phones from changing what is written."""
        super().__init__(*args, **kwargs)
        _numeric(self.fields["code"])


class CodeAgainForm(_OwnWords, second_step.ReauthenticateForm):  # type: ignore[misc]
    """The code of the second step, once more."""

    labels: ClassVar = _CODE
    hints: ClassVar = CodeForm.hints

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep phones from changing what is written."""
        super().__init__(*args, **kwargs)
        _numeric(self.fields["code"])


class ActivateAppForm(_OwnWords, app.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    labels: ClassVar = {"code": _("Kod från appen")}
    hints: ClassVar = {"code": _("Sex siffror. De byts var trettionde sekund.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give phones the keys for digits."""
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(_OwnWords, passkey.AddWebAuthnForm):  # type: ignore[misc]
    """A name for a new passkey, and whether it replaces the password too."""

    labels: ClassVar = {
        "name": _("Namn på nyckeln"),
        "passwordless": _("Logga in med bara nyckeln, utan lösenord"),
    }
    hints: ClassVar = {
        "name": _("Så att du känner igen den, till exempel ”Jobbdatorn”."),
        "passwordless": _("Nyckeln frågar då efter fingeravtryck, ansikte eller PIN."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest a name and a key that is enough by itself."""
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = 80  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["maxlength"] = "80"
        self.fields["passwordless"].initial = True


class EditPasskeyForm(_OwnWords, passkey.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    labels: ClassVar = {"name": _("Namn på nyckeln")}


# ---------------------------------------------------------------- one's own account


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """What others see one is called."""

    class Meta:
        """Only the name: an address is changed by a new invitation."""

        model = User
        fields = ("name",)
        help_texts: ClassVar = {"name": _("Visas för andra i kommunen.")}
        widgets: ClassVar = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class NewPersonForm(forms.Form):
    """Name and password of someone who was invited."""

    name = forms.CharField(
        label=_("Namn"),
        max_length=150,
        help_text=_("Visas för andra i kommunen."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Lösenord"),
        strip=False,
        help_text=PASSWORD_RULES,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Lösenordet en gång till"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        """Know the address, which the password must not resemble."""
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ, and weak ones."""
        found = super().clean() or {}
        first, second = found.get("password1"), found.get("password2")
        if first and second and first != second:
            self.add_error("password2", gettext("Lösenorden är inte lika."))
        if first:
            person = User(email=self._email, name=found.get("name", ""))
            try:
                password_validation.validate_password(first, person)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return found


# ---------------------------------------------------------------- people


class MemberForm(forms.Form):
    """Role and group of a member."""

    role = forms.ChoiceField(label=_("Roll"), choices=Role.choices)
    group = forms.CharField(
        label=_("Grupp"),
        required=False,
        max_length=80,
        help_text=_(
            "Parti eller enhet. De som delar grupp räknas som en i värderingen."
        ),
    )


class InviteForm(MemberForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-postadress"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["email", "role", "group"]

    def __init__(
        self, *args: Any, municipality: Municipality | None = None, **kwargs: Any
    ) -> None:
        """Know the municipality, and offer the least role first."""
        super().__init__(*args, **kwargs)
        self._municipality = municipality
        self.fields["role"].initial = Role.LASARE

    def clean_email(self) -> str:
        """Refuse someone who is a member already."""
        email = str(self.cleaned_data["email"]).lower()
        if Membership.objects.filter(
            municipality=self._municipality, user__email__iexact=email
        ).exists():
            raise forms.ValidationError(
                gettext("Personen är redan med. Byt roll i listan i stället.")
            )
        return email


class SecondStepForm(forms.Form):
    """Which roles must log in with a second step."""

    roles = forms.MultipleChoiceField(
        label=_("Roller som loggar in i två steg"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Lösenord, och sedan en kod från en app eller en nyckel. Kommunens egen"
            " inloggning räknas som två steg."
        ),
    )
