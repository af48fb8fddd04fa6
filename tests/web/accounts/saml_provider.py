"""A small SAML provider, and someone who comes in through it, well and badly.

Run as a program with RODTRAD_HOME and the settings of `environment` set, since the
application decides when it starts whether it has SAML. Prints, as JSON by case, whether
the visitor came in and with which role.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import sys
import zlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.constants import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Constants as Names,
)
from onelogin.saml2.utils import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Utils as Signing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

HOST: Final = "rt.liten.example"
PROVIDER: Final = "https://login.liten.example/saml"
SITE: Final = f"http://{HOST}/konto/saml/kommun"
EMAIL: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


class Keys:
    """A key and its certificate, as PEM."""

    def __init__(self) -> None:
        """Make new ones."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login")])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        self.certificate = made.public_bytes(pem).decode()
        self.key = key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


def environment(certificate: str) -> dict[str, str]:
    """Return the settings of a site whose municipality logs in with SAML."""
    return {
        "RODTRAD_HOSTS": HOST,
        "RODTRAD_SAML_ENTITY_ID": PROVIDER,
        "RODTRAD_SAML_SSO_URL": f"{PROVIDER}/sso",
        "RODTRAD_SAML_CERT": certificate,
        "RODTRAD_SIGN_ON_DOMAINS": "liten.example",
        "RODTRAD_SIGN_ON_ROLES": '{"liten": {"RT-Ekonomi": "ekonom"}}',
    }


def _stamp(minutes: int) -> str:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion(asked: str, keys: Keys | None, audience: str, minutes: int) -> str:
    """Return what the provider says of a person, signed if there are keys."""
    answer = f' InResponseTo="{asked}"' if asked else ""
    values = {EMAIL: "eva@liten.example", "groups": "RT-Ekonomi"}
    attributes = "".join(
        f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}'
        "</saml:AttributeValue></saml:Attribute>"
        for name, value in values.items()
    )
    text = f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
 ID="_assertion" Version="2.0" IssueInstant="{_stamp(0)}"><saml:Issuer>{PROVIDER}\
</saml:Issuer><saml:Subject><saml:NameID Format="{Names.NAMEID_PERSISTENT}">eva-1\
</saml:NameID><saml:SubjectConfirmation Method="{Names.CM_BEARER}">\
<saml:SubjectConfirmationData NotOnOrAfter="{_stamp(minutes)}" Recipient="{SITE}/acs/"\
{answer}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions\
 NotBefore="{_stamp(-60)}" NotOnOrAfter="{_stamp(minutes)}"><saml:AudienceRestriction>\
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{_stamp(0)}" SessionIndex="_session">\
<saml:AuthnContext><saml:AuthnContextClassRef>{Names.AC_PASSWORD}\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"""
    if keys is None:
        return text
    signed = Signing.add_sign(
        text,
        keys.key,
        keys.certificate,
        sign_algorithm=Names.RSA_SHA256,
        digest_algorithm=Names.SHA256,
    )
    return str(signed if isinstance(signed, str) else signed.decode())


def response(asked: str, inside: str) -> str:
    """Return the provider's answer, as the browser sends it on."""
    answer = f' InResponseTo="{asked}"' if asked else ""
    text = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0"
 IssueInstant="{_stamp(0)}" Destination="{SITE}/acs/"{answer}><saml:Issuer>{PROVIDER}\
</saml:Issuer><samlp:Status><samlp:StatusCode Value="{Names.STATUS_SUCCESS}"/>\
</samlp:Status>{inside}</samlp:Response>"""
    fromstring(text.encode())
    return base64.b64encode(text.encode()).decode()


def ask(client: Client) -> str:
    """Press the button of the municipality's log-in; return what was asked for."""
    sent = client.post("/konto/saml/kommun/login/")
    assert sent.status_code == 302, sent.content
    target = urlsplit(sent["Location"])
    assert sent["Location"].startswith(f"{PROVIDER}/sso")
    packed = base64.b64decode(parse_qs(target.query)["SAMLRequest"][0])
    request = fromstring(zlib.decompress(packed, -15))
    assert request.get("AssertionConsumerServiceURL") == f"{SITE}/acs/"
    return str(request.get("ID"))


def come_in(client: Client, answer: str) -> bool:
    """Send an answer on to the site; return whether one is logged in after that."""
    sent = client.post("/konto/saml/kommun/acs/", {"SAMLResponse": answer})
    assert sent.status_code == 302
    client.get(sent["Location"])
    return bool(client.get("/konto/").status_code == 200)


def cases(keys: Keys) -> dict[str, Any]:
    """Come in by every case, each in a browser of its own."""
    from django.test import Client

    from rodtrad.web.models import Membership

    audience = f"{SITE}/metadata/"
    kept: list[str] = []

    def once(make: Callable[[str], str], change: tuple[str, str] = ("", "")) -> bool:
        client = Client(headers={"host": HOST})
        asked = ask(client)
        text = make(asked)
        if change[0]:
            assert change[0] in text
            text = text.replace(*change)
        answer = response(asked, text)
        kept.append(answer)
        return come_in(client, answer)

    def good(asked: str) -> str:
        return assertion(asked, keys, audience, 5)

    found: dict[str, Any] = {"good": once(good)}
    member = Membership.objects.select_related("user").get()
    found["role"] = [member.role, member.user.email]
    stranger = Client(headers={"host": HOST})
    found["again"] = come_in(stranger, kept[0])
    found["unsigned"] = once(lambda asked: assertion(asked, None, audience, 5))
    found["other_key"] = once(lambda asked: assertion(asked, Keys(), audience, 5))
    found["altered"] = once(good, ("eva@liten", "chef@liten"))
    found["for_another"] = once(
        lambda asked: assertion(asked, keys, "https://annan.example", 5)
    )
    found["late"] = once(lambda asked: assertion(asked, keys, audience, -10))
    unasked = response("", assertion("", keys, audience, 5))
    found["unasked"] = come_in(Client(headers={"host": HOST}), unasked)
    told = stranger.get("/konto/saml/kommun/metadata/")
    found["metadata"] = (
        told.status_code == 200 and f"{SITE}/acs/" in told.content.decode()
    )
    return found


def main() -> None:
    """Make a home with a municipality, and come in."""
    keys = Keys()
    os.environ |= environment(keys.certificate)
    import django

    from rodtrad.web.__main__ import prepare_home

    prepare_home()
    django.setup()
    from django.core.management import call_command

    from rodtrad.web.models import Municipality

    call_command("migrate", verbosity=0)
    Municipality.objects.create(slug="liten", name="Liten", code="0001")
    sys.stdout.write(json.dumps(cases(keys)))


if __name__ == "__main__":
    main()
