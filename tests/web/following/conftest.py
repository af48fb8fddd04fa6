"""What tests of following share: the fixtures of the dialogue, which build on a plan."""

from __future__ import annotations

from web.dialogue.conftest import (  # noqa: F401 - fixtures
    _quick,
    dialogue,
    make_dialogue,
    writes,
)
from web.public.conftest import (  # noqa: F401 - fixtures
    finish,
    published,
)
