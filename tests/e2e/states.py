"""Which states can a page be in? Puts the municipality that is walked in each of them.

A change that can be undone, a workbook that nobody has approved, an invitation, a plan
that failed and one that was cancelled, a person with a second step, a municipality that
has nothing yet. Returns the address where each can be seen. Leaves out what needs a
person at the page: the journeys look at that as they pass.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl  # type: ignore[import-untyped]
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from e2e.site import BEGINNINGS, TWO_STEPS

from rodtrad.domain.columns import SCHEMA
from rodtrad.sources.workbook import write_workbook
from rodtrad.web import attachments, imports, jobs, people, saving, store
from rodtrad.web.models import Event, Invitation, Membership, Municipality, Row, Study
from rodtrad.web.models.organisation import Role, User
from rodtrad.web.models.projects import (
    AlternativeNote,
    NeedReport,
    NeedStep,
    ProjectFile,
    ProjectYear,
    VisionLink,
    VisionNode,
)
from rodtrad.web.models.studies import State, packed_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Version

EMPTY: Final = "tom"
INVITED: Final = "en-lank-som-ingen-gissar"
_PDF: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"


def session(user: User) -> str:
    """Log somebody in, as if they had just given their password; return the session."""
    client = Client(headers={"host": "localhost"})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    kept = client.session
    tomorrow = time.time() + 86_400
    given = {"method": "password", "at": tomorrow, "reauthenticated": True}
    kept[AUTHENTICATION_METHODS_SESSION_KEY] = [given]
    kept[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    kept.save()
    return client.cookies["rodtrad"].value


def two_steps(place: Municipality, hashed: str) -> str:
    """Make somebody with an app, spare codes and a passkey; return their session."""
    user = User(email=f"{TWO_STEPS}@liten.example", name="Två Steg", password=hashed)
    user.save()
    Membership.objects.create(user=user, municipality=place, role=Role.CHEF)
    # first, so that its key is the one that the addresses are filled in with
    Authenticator.objects.create(
        pk=1,
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Nyckeln", "passwordless": True, "credential": {}},
    )
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    return session(user)


def nothing_yet(users: Mapping[Role, User]) -> dict[str, str]:
    """Make a municipality without anything; return the pages that say so."""
    place = Municipality.objects.create(slug=EMPTY, name="Tom kommun", code="0002")
    for role, user in users.items():
        Membership.objects.create(user=user, municipality=place, role=role)
    return {f"empty_{name}": f"/{EMPTY}/{path}" for path, name in BEGINNINGS.items()}


def _plans(version: Version, who: User) -> dict[str, str]:
    failed = jobs.enqueue(who, version, name="Den som inte gick")
    Study.objects.filter(pk=failed.pk).update(
        state=State.FAILED,
        finished_at=timezone.now(),
        error=[
            {
                "code": "worker_died",
                "severity": "error",
                "message": "Räknaren stannade tre gånger.",
                "remedy": "Räkna med kortare tid.",
            }
        ],
    )
    stopped = jobs.enqueue(who, version, name="Den som ångrades")
    jobs.cancel(who, stopped)
    place = version.municipality.slug
    return {
        "study_failed": f"/{place}/studier/{failed.number}/",
        "study_cancelled": f"/{place}/studier/{stopped.number}/",
        "study_kept": f"/{place}/studier/{_kept(version, who).number}/",
        "study_running": f"/{place}/studier/{_running(version, who).number}/",
    }


def _kept(version: Version, who: User) -> Study:
    """A plan that was stopped before its reasons, with the best one found by then."""
    kept = jobs.enqueue(who, version, name="Den som stoppades")
    whole = Study.objects.get(municipality=version.municipality, name="Förslaget")
    plan = dict(whole.plan or {})
    cut = {"seconds": 41.3, "open": ["reasons"]}
    plan["status"] = {**plan["status"], "interrupted": cut}
    Study.objects.filter(pk=kept.pk).update(
        state=State.KEPT, finished_at=timezone.now(), result=packed_json(plan)
    )
    return kept


def _running(version: Version, who: User) -> Study:
    """A plan that another worker computes for as long as anybody looks."""
    running = jobs.enqueue(who, version, name="Den som räknas")
    tomorrow = timezone.now() + dt.timedelta(days=1)
    told = {"stage": "Söker den bästa planen", "gap": 0.034, "seconds": 12.0}
    Study.objects.filter(pk=running.pk).update(
        state=State.RUNNING,
        worker="en annan",
        started_at=timezone.now(),
        heartbeat=tomorrow,
        progress=told,
    )
    return running


def _workbook(tables: Tables) -> bytes:
    """The underlag as somebody else has it: a name, a fault, and a project gone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arbetsbok.xlsx"
        write_workbook(tables, path)
        book = openpyxl.load_workbook(path)
        columns = list(SCHEMA["projects"].columns)
        sheet = book[SCHEMA["projects"].label_sv]
        sheet.cell(2, columns.index("name") + 1).value = "Norra skolan byggs ut"
        sheet.cell(2, columns.index("deadline_year") + 1).value = "snart"
        sheet.delete_rows(4)
        book.save(path)
        return path.read_bytes()


def _underlag(place: Municipality, who: User, tables: Tables) -> dict[str, str]:
    """Somebody has changed a row, and somebody has sent a workbook with a fault."""
    underlag = place.underlag
    row = Row.objects.filter(underlag=underlag, table="projects").first()
    assert row is not None
    typed = saving.RowEdit(row.pk, row.revision, {"name": "Norra skolan, etapp 1"})
    saved = saving.save(who, underlag, saving.Edits("projects", changed=[typed]))
    assert saved.change is not None
    told = Event.objects.filter(municipality=place, object_type="row").first()
    assert told is not None
    sent = SimpleUploadedFile("arbetsbok.xlsx", _workbook(tables))
    kept = imports.receive(who, place, sent)
    at = f"/{place.slug}/underlag"
    return {
        "underlag_change": f"{at}/andringar/{saved.change.number}/",
        "underlag_pending": f"{at}/inlasning/{kept.pk}/",
        "underlag_row": f"{at}/projekt/rad/{row.pk}/",
        "underlag_remove_row": f"{at}/projekt/rad/{row.pk}/ta-bort/",
        "history": f"/{place.slug}/handelser/row/{told.object_key}/",
    }


def _project(place: Municipality, who: User) -> dict[str, str]:
    """A project with words, a rejected alternative, a year, a file and a goal."""
    told: dict[str, Any] = {"municipality": place, "project_id": "skola"}
    ProjectFile.objects.update_or_create(
        **told, defaults={"need": "Det är trångt.", "risks": "Marken är inte köpt."}
    )
    AlternativeNote.objects.create(
        **told, alternative_id="nybygge", rejected=True, rejected_why="Det blir dyrare."
    )
    ProjectYear.objects.create(**told, year=2026, budget_tkr=900.0, actual_tkr=400.0)
    file = attachments.keep(SimpleUploadedFile("skiss.pdf", _PDF), "pdf")
    file.municipality, file.project_id, file.uploaded_by = place, "skola", who
    file.save()
    indicator = VisionNode.objects.get(
        municipality=place, kind=VisionNode.Kind.INDICATOR
    )
    VisionLink.objects.create(node=indicator, project_id="skola", effect="Fler platser")
    report = NeedReport.objects.create(
        municipality=place,
        number=2,
        what="Grinden hänger",
        where="Förskolan",
        when="nu",
        why="Barnen kan gå ut.",
        reporter=who,
        reporter_name=str(who),
        state=NeedReport.State.NOT_NOW,
    )
    NeedStep.objects.create(
        report=report, state=report.state, text="Därför att den lagas i dag.", by=who
    )
    at = f"/{place.slug}"
    return {
        "project_detach": f"{at}/projekt/bilaga/{file.pk}/ta-bort/",
        "need_answered": f"{at}/behov/anmalda/2/",
        "goal_link": f"{at}/mal/{indicator.pk}/projekt/",
        "goal_edit": f"{at}/mal/{indicator.pk}/andra/",
        "goal_remove": f"{at}/mal/{indicator.pk}/ta-bort/",
    }


def _people(place: Municipality, who: User) -> dict[str, str]:
    for email, days in (("ny@liten.example", 7), ("sen@liten.example", -1)):
        Invitation.objects.create(
            municipality=place,
            email=email,
            role=Role.EKONOM,
            token_hash=people.token_hash(INVITED if days > 0 else email),
            invited_by=who,
            expires_at=timezone.now() + dt.timedelta(days=days),
        )
    member = Membership.objects.get(municipality=place, role=Role.LASARE)
    at = f"/{place.slug}/personer"
    return {
        "invitation": f"/konto/inbjudan/{INVITED}/",
        "invitation_spent": "/konto/inbjudan/en-annan/",
        "member": f"{at}/{member.pk}/",
        "member_remove": f"{at}/{member.pk}/bort/",
    }


def fill_states(
    place: Municipality, users: Mapping[Role, User], tables: Tables
) -> dict[str, str]:
    """Put a municipality in every state; return address by what is seen there."""
    who = users[Role.EKONOM]
    version = store.make_version(place.underlag, "Tredje", who)
    return {
        **_plans(version, who),
        **_underlag(place, who, tables),
        **_project(place, who),
        **_people(place, users[Role.ADMINISTRATOR]),
        **nothing_yet(users),
        "not_found": f"/{place.slug}/finns-inte/",
        "no_right": f"/{place.slug}/personer/",
    }
