"""Is a published plan true? Every figure computed once more, without the solver."""

from rodtrad.verify.compare import Difference
from rodtrad.verify.whole import verify_result

__all__ = ["Difference", "verify_result"]
