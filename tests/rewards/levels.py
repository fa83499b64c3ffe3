"""The levels of isolation that the judge supports, and a judge on each of them."""

from __future__ import annotations

import pytest

from replgym.kernels.capabilities import IsolationLevel
from replgym.kernels.isolation.ladder import this_machine
from replgym.rewards import Judge

LEVELS = (IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED, IsolationLevel.LIMITS)


async def absence_of(level: IsolationLevel) -> str | None:
    """Why this machine does not give a level; None when it does."""
    rung = await this_machine().try_level(level)
    return rung if isinstance(rung, str) else None


async def judge_on(level: IsolationLevel) -> Judge:
    """A judge on a level; where the machine does not give it, its tests are left out."""
    absence = await absence_of(level)
    if absence is not None:
        pytest.skip(f"this machine does not give the level {level}: {absence}")
    return Judge(concurrency=2, isolation=level.value)
