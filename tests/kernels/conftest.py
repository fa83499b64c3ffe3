from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from replgym.kernels import BACKENDS, BackendOptions, Kernel, KernelBackend

KernelMaker = Callable[..., Awaitable[Kernel]]


class BackendHouse:
    """The back ends of one name, one for each set of options."""

    def __init__(self, name: str) -> None:
        self._make = BACKENDS[name]
        self._made: dict[BackendOptions, KernelBackend] = {}

    def with_options(self, options: BackendOptions) -> KernelBackend:
        return self._made.setdefault(options, self._make(options))

    async def close(self) -> None:
        for backend in self._made.values():
            await backend.close()


@pytest_asyncio.fixture(params=sorted(BACKENDS), scope="module", loop_scope="module")
async def house(request: pytest.FixtureRequest) -> AsyncIterator[BackendHouse]:
    house = BackendHouse(request.param)
    yield house
    await house.close()


@pytest_asyncio.fixture(loop_scope="module")
async def make_kernel(house: BackendHouse) -> AsyncIterator[KernelMaker]:
    """Starts kernels of one back end, which are closed after the test."""
    kernels: list[Kernel] = []

    async def make(**options: object) -> Kernel:
        backend = house.with_options(BackendOptions(**options))  # type: ignore[arg-type]
        kernels.append(await backend.start_kernel())
        return kernels[-1]

    yield make
    for kernel in kernels:
        await kernel.close()


@pytest_asyncio.fixture(loop_scope="module")
async def kernel(make_kernel: KernelMaker) -> Kernel:
    return await make_kernel()
