from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from replgym.kernels import Kernel

from .backend_house import BackendHouse, variants_under_test

KernelMaker = Callable[..., Awaitable[Kernel]]


@pytest_asyncio.fixture(params=variants_under_test(), scope="session", loop_scope="session")
async def house(request: pytest.FixtureRequest) -> AsyncIterator[BackendHouse]:
    house = BackendHouse(request.param)
    await house.open()
    yield house
    await house.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kernel(house: BackendHouse) -> AsyncIterator[Kernel]:
    """One kernel for all the cases of a module that do it no harm."""
    kernel = await house.with_options().start_kernel()
    yield kernel
    await kernel.close()


@pytest_asyncio.fixture(loop_scope="session")
async def make_kernel(house: BackendHouse) -> AsyncIterator[KernelMaker]:
    """Starts kernels of one back end, which are closed after the test."""
    kernels: list[Kernel] = []

    async def make(**options: Any) -> Kernel:
        kernels.append(await house.with_options(**options).start_kernel())
        return kernels[-1]

    yield make
    for kernel in kernels:
        await kernel.close()


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_kernel(make_kernel: KernelMaker) -> Kernel:
    """A kernel for one case alone."""
    return await make_kernel()
