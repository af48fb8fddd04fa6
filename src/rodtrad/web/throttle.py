"""May this be sent once more, or has too much come from one place? Limits without cookies.

Counted by address and by net, under a hash whose secret changes with the day, so that
nobody can be followed from one day to the next. Whole libraries and schools share an
address: it may send much, but little at a time about one thing. Leaves out what is said
to the sender (public_form).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
from functools import cache
from typing import TYPE_CHECKING, Final

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from rodtrad.web.models.throttle import Tally

if TYPE_CHECKING:
    from django.http import HttpRequest

Limit = tuple[int, int]
"""So many times in so many seconds."""

PER_ADDRESS: Final[Limit] = (120, 3600)
PER_NET: Final[Limit] = (1200, 3600)
PER_ITEM: Final[Limit] = (6, 60)
_SALT: Final = "rodtrad.web.throttle"
_log: Final = logging.getLogger("rodtrad.web")


def allow(
    name: str,
    request: HttpRequest,
    *,
    item: str = "",
    per_address: Limit = PER_ADDRESS,
    per_item: Limit = PER_ITEM,
    per_net: Limit = PER_NET,
) -> bool:
    """Return True, and count, if a sender may do something once more.

    Args:
        name: what is done, such as `comment`.
        request: who asks; only the address counts.
        item: what it is about, for the limit by item.
        per_address: how often one address may.
        per_item: how often one address may about one thing.
        per_net: how often a whole net may (/24 or, of IPv6, /48).
    """
    address, net = _places(request)
    # the narrowest first: what it refuses is not held against others at the same place
    return (
        _count(f"{name}|i|{address}|{item}", per_item) <= per_item[0]
        and _count(f"{name}|a|{address}", per_address) <= per_address[0]
        and _count(f"{name}|n|{net}", per_net) <= per_net[0]
    )


def allow_key(name: str, key: str, limit: Limit) -> bool:
    """Return True, and count, if something may be done once more to a thing by name."""
    return _count(f"{name}|k|{key}", limit) <= limit[0]


def sender(request: HttpRequest) -> str:
    """Return what tells two senders apart for `allow_key`; nothing of it is kept."""
    return _places(request)[0]


def _places(request: HttpRequest) -> tuple[str, str]:
    """Return the sender's address and net; of IPv6 a household has a whole /64."""
    text = get_client_ip(request) or ""
    if (
        "HTTP_X_FORWARDED_FOR" in request.META
        and not settings.ALLAUTH_TRUSTED_PROXY_COUNT
    ):
        _warn_of_proxy()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "?", "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        else:
            return tuple(  # type: ignore[return-value]
                str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
                for bits in (64, 48)
            )
    return str(address), str(ipaddress.ip_network(f"{address}/24", strict=False))


@cache
def _warn_of_proxy() -> None:
    """Say, once, that every visitor is counted as one."""
    _log.warning(
        "a proxy passes visitors on, but RODTRAD_HTTPS is not set: all of them are "
        "counted as one sender"
    )


def _now() -> dt.datetime:
    return timezone.now()


def _count(name: str, limit: Limit) -> int:
    """Return how many times it has been done in this span, this one included."""
    now = _now()
    seconds = limit[1]
    window = int(now.timestamp()) // seconds
    day = timezone.localdate(now).isoformat()
    key = salted_hmac(
        f"{_SALT}|{day}", f"{name}|{window}", algorithm="sha256"
    ).hexdigest()
    if Tally.objects.filter(pk=key).update(count=F("count") + 1):
        return Tally.objects.values_list("count", flat=True).get(pk=key)
    until = dt.datetime.fromtimestamp((window + 1) * seconds, tz=dt.UTC)
    try:
        with transaction.atomic():
            Tally.objects.create(pk=key, count=1, until=until)
    except IntegrityError:  # somebody else was first
        Tally.objects.filter(pk=key).update(count=F("count") + 1)
        return Tally.objects.values_list("count", flat=True).get(pk=key)
    return 1


def forget_old() -> int:
    """Remove counts whose time is over, and return how many."""
    return Tally.objects.filter(until__lt=_now()).delete()[0]
