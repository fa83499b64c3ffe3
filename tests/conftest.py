"""What all rooms' tests share: how they run, and interpreters and a judge for the tests of one module."""

import signal
from collections.abc import AsyncIterator

import pytest_asyncio
from hypothesis import settings

from replgym.kernels import KernelPool, make_kernel_pool
from replgym.rewards import Judge

# On a busy machine a first call may take long; time is never what a test asserts.
settings.register_profile("replgym", deadline=None)
settings.load_profile("replgym")

# A shell that starts the tests in the background has them ignore Ctrl-C, and all that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool(size=4, warm=2) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(concurrency=2) as made:
        yield made
