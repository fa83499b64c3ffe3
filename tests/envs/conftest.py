"""Interpreters and a judge that the tests of one module share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from replgym.kernels import KernelPool, make_kernel_pool
from replgym.rewards import Judge


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool(size=4, warm=2) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(concurrency=2) as made:
        yield made
