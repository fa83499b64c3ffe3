"""Variables, modules, functions and awaitables live from cell to cell, and in one interpreter alone."""

from __future__ import annotations

import asyncio

import pytest

from replgym.kernels import Kernel

from ..conftest import KernelMaker
from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_is_a_kernel(fresh_kernel: Kernel) -> None:
    assert isinstance(fresh_kernel, Kernel)
    assert fresh_kernel.is_alive()


async def test_state_lives_across_cells(kernel: Kernel) -> None:
    assert (await kernel.execute("x = 20\ndef double(n): return 2 * n", timeout=PATIENCE)).outputs == ()
    assert await value(kernel, "double(x) + 2") == "42"
    assert await value(kernel, "_ + 1") == "43"


async def test_top_level_await(kernel: Kernel) -> None:
    assert await value(kernel, "import asyncio\nawait asyncio.sleep(0.01)\n'done'") == "'done'"


async def test_unicode(kernel: Kernel) -> None:
    assert (
        await kernel.execute("print('é😀漢')\nimport os; os.system('printf ü😀');", timeout=PATIENCE)
    ).text() == "é😀漢\nü😀"
    assert await value(kernel, "'\\ud800'.encode('utf-8', 'replace')") == "b'?'"
    assert (await kernel.execute("print('\\ud800')", timeout=PATIENCE)).text() == "\\ud800"
    assert "\\ud800" in (await kernel.execute("raise ValueError('\\ud800')", timeout=PATIENCE)).text()
    assert await value(kernel, "1") == "1"


async def test_kernels_are_isolated(make_kernel: KernelMaker) -> None:
    one, two = await make_kernel(), await make_kernel()
    await asyncio.gather(
        one.execute("x = 1; open('f', 'w').close(); import os; os.environ['LEAK'] = '1'", timeout=PATIENCE),
        two.execute("x = 2", timeout=PATIENCE),
    )
    assert await value(one, "x") == "1"
    assert await value(two, "import os; x, os.listdir(), os.environ.get('LEAK')") == "(2, [], None)"


async def test_the_environment_of_the_host_stays_with_the_host(
    monkeypatch: pytest.MonkeyPatch, make_kernel: KernelMaker
) -> None:
    monkeypatch.setenv("MY_API_KEY", "secret")
    kernel = await make_kernel()
    assert await value(kernel, "import os; os.environ.get('MY_API_KEY')") == ""
    assert (
        await value(kernel, "[m for m in __import__('sys').modules if m.split('.')[0] == 'replgym']") == "[]"
    )


async def test_restart_gives_a_fresh_interpreter(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(setup="base = 10")
    await kernel.execute("x = 1", timeout=PATIENCE)
    await kernel.restart()
    result = await kernel.execute("base, 'x' in globals()", timeout=PATIENCE)
    assert (result.text(), result.state_lost) == ("(10, False)", False)
