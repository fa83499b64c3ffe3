"""The levels of isolation that the judge supports, and a judge on each of them."""

from __future__ import annotations

import pytest

from replgym.kernels.capabilities import IsolationLevel, Protection
from replgym.kernels.isolation.ladder import this_machine
from replgym.rewards import Judge

LEVELS = (IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED, IsolationLevel.LIMITS)
_NEEDED = frozenset({Protection.SIGNALS, Protection.PROCESSES, Protection.WRITING})
"""Without these an attack hits the machine that runs it: it kills every process and overwrites Python."""


async def absence_of(level: IsolationLevel, *, attacks: bool) -> str | None:
    """Why programs must not run on a level of this machine; None when they may."""
    rung = await this_machine().try_level(level)
    if isinstance(rung, str):
        return f"this machine does not give the level {level}: {rung}"
    if attacks and not rung.protections >= _NEEDED:
        return f"the level {level} is for trusted programs: nothing would keep an attack from this machine"
    return None


async def judge_on(level: IsolationLevel, *, attacks: bool) -> Judge:
    """A judge on a level; where programs must not run there, their tests are left out."""
    absence = await absence_of(level, attacks=attacks)
    if absence is not None:
        pytest.skip(absence)
    return Judge(concurrency=2, isolation=level.value)
