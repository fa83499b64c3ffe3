"""A live interpreter is cloned, or the back end says that it cannot."""

from __future__ import annotations

import pytest

from replgym.kernels import Feature, Kernel, UnsupportedError

from .cells import value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_clone_goes_its_own_way(kernel: Kernel) -> None:
    if Feature.FORK not in kernel.capabilities.features:
        with pytest.raises(UnsupportedError, match="backend='fork'"):
            await kernel.fork()
        return
    await value(kernel, "x = [1]")
    clone = await kernel.fork()
    try:
        await value(clone, "x.append(2)")
        assert await value(clone, "x") == "[1, 2]"
        assert await value(kernel, "x") == "[1]"
    finally:
        await clone.close()
