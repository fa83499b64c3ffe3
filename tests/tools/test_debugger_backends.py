"""The debugger works alike on every back end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.kernels import KernelPool

from ..kernels.backend_house import BackendHouse, variants_under_test
from .debugger_play import FOLDER, PlayedSession, play

pytestmark = pytest.mark.asyncio(loop_scope="module")
SESSIONS = (
    "await_is_missing",
    "call_that_blocks",
    "cell_waits",
    "crash",
    "input_ends_early",
    "mean_of_nothing",
    "threads",
)
_THE_SAME = ("fork", "jupyter-spawn")
"""The first one has every session elsewhere; the other is `jupyter`, once it has started."""


@pytest_asyncio.fixture(
    params=[name for name in variants_under_test() if name not in _THE_SAME],
    scope="module",
    loop_scope="module",
)
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    house = BackendHouse(request.param)
    await house.open()
    async with KernelPool(house.with_options().start_kernel, size=3, warm=2) as pool:
        yield pool
    await house.close()


@pytest.mark.parametrize("name", SESSIONS)
async def test_a_model_is_told_the_same_on_every_back_end(pool: KernelPool, name: str) -> None:
    session = PlayedSession.read(FOLDER / f"{name}.md")
    assert await play(pool, session.messages, session.seconds) == list(session.told)
