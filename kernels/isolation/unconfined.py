"""What is promised of interpreters that nothing confines."""

from __future__ import annotations

from ..backend_options import Isolation
from ..capabilities import Capabilities, Feature, IsolationLevel
from ..kernel_error import IsolationError


def unconfined(backend: str, wanted: Isolation, features: frozenset[Feature]) -> Capabilities:
    """The capabilities of a back end that starts plain processes.

    Raises:
        IsolationError: If more isolation was asked for by name.
    """
    if wanted not in (Isolation.AUTO, Isolation.LIMITS):
        raise IsolationError(
            f"isolation={str(wanted)!r}: the back end {backend!r} starts plain processes; "
            "on Linux use backend='jupyter' or backend='fork'"
        )
    note = "Nothing is confined and no limit is set: code has all rights of the user who started it."
    return Capabilities(backend, IsolationLevel.LIMITS, frozenset(), features, (note,))
