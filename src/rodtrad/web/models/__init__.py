"""What the database holds: one file an area, gathered here for Django."""

from rodtrad.web.models.dialogue import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.envelope import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.events import Event
from rodtrad.web.models.following import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.letters import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.organisation import Invitation, Membership, Municipality, User
from rodtrad.web.models.projects import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.publishing import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.publishing import Publication
from rodtrad.web.models.sandbox import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.studies import *  # noqa: F403 - the area lists its own
from rodtrad.web.models.studies import Study
from rodtrad.web.models.throttle import Tally
from rodtrad.web.models.underlag import Change, Row, Underlag, Version
from rodtrad.web.models.values import *  # noqa: F403 - the area lists its own

__all__ = [
    "Change",
    "Event",
    "Invitation",
    "Membership",
    "Municipality",
    "Publication",
    "Row",
    "Study",
    "Tally",
    "Underlag",
    "User",
    "Version",
]
