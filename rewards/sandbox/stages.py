"""How far a process of a submission came; it cannot tell any more once the submission runs."""

from __future__ import annotations

NOTHING, CONFINED, REFUSED, STARTED = range(4)
