"""How is the application run? Every setting, read from the environment.

A fresh machine needs none of them: everything then lies in `rodtrad-data` where the
command was started. The list with what each one does is in docs/running.md. DEBUG is
always off. Leaves out what a municipality decides itself (the underlag's settings).
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

ON: Final = frozenset({"1", "true", "ja", "on"})


def _text(name: str, default: str = "") -> str:
    return os.environ.get(f"RODTRAD_{name}", default).strip()


def _flag(name: str) -> bool:
    return _text(name).casefold() in ON


def _list(name: str) -> list[str]:
    return [part.strip() for part in _text(name).split(",") if part.strip()]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


# ---------------------------------------------------------------- where things lie

RODTRAD_HOME: Final = Path(_text("HOME", "rodtrad-data")).resolve()
WEB: Final = Path(__file__).parent
SECRET_FILE: Final = RODTRAD_HOME / "secret-key"
MEDIA_ROOT = RODTRAD_HOME / "files"
# Files are handed out by views that ask for a right, never by their address.
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700


def _secret_key() -> str:
    """The key of this home; without a home one that lasts as long as the process."""
    if _text("SECRET_KEY"):
        return _text("SECRET_KEY")
    try:
        return SECRET_FILE.read_text("utf-8").strip()
    except FileNotFoundError:
        return get_random_secret_key()


SECRET_KEY = _secret_key()
DEBUG = False

# ---------------------------------------------------------------- database


def _database(address: str) -> dict[str, Any]:
    """The database of an address; without one SQLite in the home."""
    if not address:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": RODTRAD_HOME / "rodtrad.sqlite3",
            # To open it takes longer than most questions.
            "CONN_MAX_AGE": 60,
            # A writer takes its place at once, so that none is turned away half-way.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                    "PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;"
                ),
            },
        }
    from psycopg.conninfo import conninfo_to_dict

    facts: dict[str, Any] = dict(conninfo_to_dict(address))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": facts.pop("dbname", "rodtrad"),
        "USER": facts.pop("user", ""),
        "PASSWORD": facts.pop("password", ""),
        "HOST": facts.pop("host", ""),
        "PORT": str(facts.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": facts,
    }


DATABASES = {"default": _database(_text("DATABASE"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- the application

_HAS_SAML: Final = importlib.util.find_spec("onelogin") is not None
_SAML_METADATA: Final = _text("SAML_METADATA_URL")
_SAML_SSO: Final = _text("SAML_SSO_URL")
USE_SAML: Final = bool(_SAML_METADATA or _SAML_SSO) and _HAS_SAML

INSTALLED_APPS = [
    # first, so that its commands and templates come before those of the others
    "rodtrad.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["allauth.socialaccount.providers.saml"] if USE_SAML else []),
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    # answers what everyone may read by itself: no session, no cookie
    "rodtrad.web.middleware.PublicMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rodtrad.web.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rodtrad.web.middleware.MunicipalityMiddleware",
]
ROOT_URLCONF = "rodtrad.web.urls.root"
WSGI_APPLICATION = "rodtrad.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rodtrad.web.access.context",
                *(
                    ["rodtrad.web.context_processors.shell"]
                    if importlib.util.find_spec("rodtrad.web.context_processors")
                    else []
                ),
            ],
        },
    }
]
# In the database, so that all processes count the same log-in attempts.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
    }
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# A grid of a few hundred changed cells is one form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
# What a person may send, checked before it is read: see the forms.
RODTRAD_MAX_UPLOAD_BYTES: Final = 30_000_000
# Who computes a study: processes of this machine, or a Dask cluster.
RODTRAD_EXECUTOR: Final = _text("EXECUTOR", "process")
RODTRAD_DASK: Final = _text("DASK")

# ---------------------------------------------------------------- language and time

LANGUAGE_CODE = "sv"
LANGUAGES = [("sv", "Svenska"), ("en", "English")]
LOCALE_PATHS = [WEB / "locale"]
LANGUAGE_COOKIE_NAME = "sprak"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 31_536_000
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"

# ---------------------------------------------------------------- static files

STATIC_URL = "/static/"
# the same fonts as in the printed report, kept once
STATICFILES_DIRS = [("fonts", WEB.parent / "publish" / "static" / "fonts")]
# `serve` collects the files there, compressed; without it they come from the package.
COLLECTED_STATIC: Final = RODTRAD_HOME / "static"
STATIC_ROOT = COLLECTED_STATIC if (COLLECTED_STATIC / ".stamp").exists() else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_MIMETYPES = {".mjs": "text/javascript", ".geojson": "application/geo+json"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "rodtrad.web.static_files.VersionedStorage"},
}

# ---------------------------------------------------------------- people

AUTH_USER_MODEL = "web.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/konto/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "rodtrad.web.sign_on.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "rodtrad.web.sign_on.SocialAccountAdapter"
MFA_ADAPTER = "rodtrad.web.sign_on.SecondFactorAdapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
# Nobody can make the site write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
# By person first: a whole town hall may come from one address, and shares it.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "5/15m/key,100/15m/ip",
    "reset_password": "20/m/ip,5/h/key",
    "reauthenticate": "10/m/user",
    "invitation": "30/m/ip",
}
# Behind https stands one proxy, whose word about the visitor's address is taken.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _flag("HTTPS") else 0
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _flag("HTTPS") else "http"
ACCOUNT_FORMS = {
    "login": "rodtrad.web.forms.accounts.LoginForm",
    "change_password": "rodtrad.web.forms.accounts.ChangePasswordForm",
    "set_password": "rodtrad.web.forms.accounts.SetPasswordForm",
    "reset_password": "rodtrad.web.forms.accounts.ResetPasswordForm",
    "reset_password_from_key": "rodtrad.web.forms.accounts.ResetPasswordKeyForm",
    "reauthenticate": "rodtrad.web.forms.accounts.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "rodtrad.web.forms.accounts.CodeForm",
    "reauthenticate": "rodtrad.web.forms.accounts.CodeAgainForm",
    "activate_totp": "rodtrad.web.forms.accounts.ActivateAppForm",
    "add_webauthn": "rodtrad.web.forms.accounts.AddPasskeyForm",
    "edit_webauthn": "rodtrad.web.forms.accounts.EditPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Röd tråd"
# Every account was invited, so no stranger can take hold of one by a second step.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A browser gives passkeys to http only on the machine itself.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _flag("HTTPS")
# Which addresses a sign-on may vouch for is asked in `sign_on`.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

SIGN_ON_DOMAINS: Final = tuple(name.lower() for name in _list("SIGN_ON_DOMAINS"))
"""Ends of mail addresses that the municipality's sign-on may vouch for."""
SIGN_ON_GROUP_CLAIM: Final = _text("SIGN_ON_GROUP_CLAIM", "groups")


def _group_roles() -> dict[str, dict[str, str]]:
    """Return, by municipality and group, the role it gives: the first one counts."""
    text = _text("SIGN_ON_ROLES")
    problem = ImproperlyConfigured(
        "RODTRAD_SIGN_ON_ROLES ska vara JSON av formen "
        '{"vimmerby": {"GRUPP-EKONOMI": "ekonom"}}'
    )
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        raise problem from None
    if not isinstance(found, dict):
        raise problem
    for groups in found.values():
        if not isinstance(groups, dict):
            raise problem
        for role in groups.values():
            if role not in _ROLES:
                raise ImproperlyConfigured(
                    f"RODTRAD_SIGN_ON_ROLES: rollen {role!r} finns inte, bara "
                    + ", ".join(_ROLES)
                )
    return found


_ROLES: Final = (
    "administrator",
    "ekonom",
    "forvaltning",
    "chef",
    "fortroendevald",
    "lasare",
)
SIGN_ON_ROLES: Final = _group_roles()


def _providers() -> dict[str, Any]:
    """The municipality's own log-in, if one is set: OIDC, SAML or both."""
    found: dict[str, Any] = {}
    if _text("OIDC_URL"):
        found["openid_connect"] = {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": _text("OIDC_ID", "kommun"),
                    "name": _text("OIDC_NAME", "Kommunens inloggning"),
                    "client_id": _text("OIDC_CLIENT_ID"),
                    "secret": _text("OIDC_SECRET"),
                    "settings": {
                        "server_url": _text("OIDC_URL"),
                        "scope": _text("OIDC_SCOPE", "openid profile email").split(),
                    },
                }
            ],
        }
    if USE_SAML:
        settings: dict[str, Any] = {
            "idp": {
                "entity_id": _text("SAML_ENTITY_ID"),
                "metadata_url": _SAML_METADATA,
            }
            if _SAML_METADATA
            else {
                "entity_id": _text("SAML_ENTITY_ID"),
                "sso_url": _text("SAML_SSO_URL"),
                "x509cert": _text("SAML_CERT"),
            },
            "advanced": {
                "strict": True,
                "want_assertion_signed": True,
                "reject_idp_initiated_sso": True,
            },
        }
        found["saml"] = {
            "APPS": [
                {
                    "provider_id": _text("SAML_ENTITY_ID"),
                    "name": _text("SAML_NAME", "Kommunens inloggning"),
                    "client_id": _text("SAML_ID", "kommun"),
                    "settings": settings,
                }
            ]
        }
    return found


SOCIALACCOUNT_PROVIDERS = _providers()

# ---------------------------------------------------------------- mail

DEFAULT_FROM_EMAIL = _text("MAIL_FROM", "rodtrad@localhost")
EMAIL_HOST = _text("MAIL_HOST")
EMAIL_PORT = int(_text("MAIL_PORT", "587"))
EMAIL_HOST_USER = _text("MAIL_USER")
EMAIL_HOST_PASSWORD = _text("MAIL_PASSWORD")
EMAIL_USE_TLS = bool(EMAIL_HOST) and not _flag("MAIL_PLAIN")
EMAIL_TIMEOUT = 20
# Without a mail server letters are kept as files, for whoever runs the machine.
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = RODTRAD_HOME / "mail"

# ---------------------------------------------------------------- safety

_HTTPS: Final = _flag("HTTPS")
ALLOWED_HOSTS = _list("HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [
    f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if _HTTPS and host != "*"
]
SECURE_SSL_REDIRECT = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "rodtrad"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# A working day; a shared computer asks again the next morning.
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "rodtrad.web.views.faults.csrf_failed"

_SIGN_ON_ORIGINS: Final = sorted(
    {
        *(_origin(at) for at in (_text("OIDC_URL"), _SAML_METADATA, _SAML_SSO)),
        *_list("SIGN_ON_ORIGINS"),
    }
    - {""}
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "worker-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        # A form that starts the municipality's own log-in is sent on to its server.
        "form-action": ["'self'", *_SIGN_ON_ORIGINS],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "report-uri": "/csp/",
    }
}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": _text("LOG", "WARNING").upper()},
    "loggers": {
        "rodtrad": {"level": _text("LOG", "INFO").upper()},
        # said in the access log already
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
