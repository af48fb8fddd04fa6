"""What does someone see when a request is refused? And the browser's CSP reports."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rodtrad.web.access import open_to_all

_log: Final = logging.getLogger("rodtrad.csp")
_LONGEST_REPORT: Final = 20_000


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page that asks to send the form again."""
    del reason
    try:
        return render(request, "403_csrf.html", status=403)
    except TemplateDoesNotExist:
        return HttpResponse(
            _("Sidan var för gammal. Gå tillbaka, ladda om den och försök igen."),
            status=403,
            content_type="text/plain; charset=utf-8",
        )


@open_to_all
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load; answers nothing."""
    if int(request.headers.get("Content-Length") or 0) <= _LONGEST_REPORT:
        try:
            sent: Any = json.loads(request.body)
            report = sent["csp-report"] if isinstance(sent, dict) else {}
            facts = {
                key: str(report.get(key, ""))[:300]
                for key in ("document-uri", "violated-directive", "blocked-uri")
            }
        except (ValueError, KeyError, AttributeError):
            facts = {}
        # as one JSON text: nothing that is sent can look like a line of its own
        _log.warning("csp report %s", json.dumps(facts))
    return HttpResponse(status=204)
