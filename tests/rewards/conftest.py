from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from replgym.rewards import Judge, JudgeLimits


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    """One judge for a whole test file; its submissions get little memory, so that greedy ones end soon."""
    async with Judge(2, limits=JudgeLimits(memory=512 << 20)) as judge:
        yield judge
