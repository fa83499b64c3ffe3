"""Whatever the interpreter says, the host is neither confused, nor blocked, nor crashed."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, IsolationLevel, Kernel

from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_kernel_that_forges_messages_is_replaced(fresh_kernel: Kernel) -> None:
    code = "get_ipython().kernel.session.key = b'forged'\nprint('hello')"
    result = await fresh_kernel.execute(code, timeout=PATIENCE * 10)
    if fresh_kernel.capabilities.isolation is IsolationLevel.REMOTE:
        # The signatures are between the server and the kernel, which hears nothing any more.
        assert (result.status, result.text()) == (CellStatus.OK, "hello")
        result = await fresh_kernel.execute("1", timeout=1.0)
        assert (result.status, result.state_lost) == (CellStatus.TIMEOUT, True)
    else:
        assert (result.status, result.state_lost) == (CellStatus.DIED, True)
    assert await value(fresh_kernel, "1") == "1"


async def test_patched_json_cannot_hurt_the_host(fresh_kernel: Kernel) -> None:
    code = "import json\njson.dumps = lambda *a, **k: 'not json'\n"
    await fresh_kernel.execute(code, timeout=1.0)
    await fresh_kernel.execute("print(1)", timeout=1.0)
    await fresh_kernel.restart()
    assert await value(fresh_kernel, "1") == "1"
