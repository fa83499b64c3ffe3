from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from replgym.kernels import BackendOptions, Kernel, KernelBackend, make_backend


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shells() -> AsyncIterator[KernelBackend]:
    backend = make_backend("fork", BackendOptions())
    yield backend
    await backend.close()


@pytest_asyncio.fixture(loop_scope="session")
async def kernel(shells: KernelBackend) -> AsyncIterator[Kernel]:
    kernel = await shells.start_kernel()
    yield kernel
    await kernel.close()
