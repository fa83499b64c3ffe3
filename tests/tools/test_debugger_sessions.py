"""Sessions with the debugger over programs with faults: what the model sees is what the files say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from replgym.kernels import KernelPool, make_kernel_pool

from .debugger_play import FOLDER, PlayedSession, play

FILES = sorted(FOLDER.glob("*.md"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool("fork", size=4, warm=2) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_a_model_is_told_what_the_file_says(pool: KernelPool, path: Path) -> None:
    session = PlayedSession.read(path)
    assert len(session.messages) == len(session.told) > 0
    assert await play(pool, session.messages, session.seconds) == list(session.told)


def test_there_are_thirty_sessions() -> None:
    assert len(FILES) >= 30
