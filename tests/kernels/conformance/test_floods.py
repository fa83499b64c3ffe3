"""More output than anyone wants: capped, counted, and never the end of the interpreter."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus

from ..conftest import KernelMaker
from .cells import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_flood_is_capped_and_counted(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("for i in range(100_000): print(f'{i:09}')", timeout=PATIENCE)
    text = result.outputs[0].text
    assert result.status is CellStatus.OK
    assert (len(text), result.truncated) == (1000, 100_000 * 10 - 1000)
    assert text.startswith("000000000\n000000001\n")
    assert text.endswith("000099999\n")
    again = await kernel.execute("print('short')", timeout=PATIENCE)
    assert (again.text(), again.truncated) == ("short", 0)


async def test_one_huge_print_is_capped(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("print('a' * 10_000_000 + 'z')", timeout=PATIENCE)
    assert (sum(len(output.text) for output in result.outputs), result.truncated) == (1000, 10_000_002 - 1000)
    assert result.outputs[-1].text.endswith("z\n")


async def test_a_huge_result_and_a_flood_of_displays_are_capped(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("'x' * 5_000_000", timeout=PATIENCE)
    assert sum(len(output.text) for output in result.outputs) <= 1000
    assert result.truncated >= 4_999_000
    result = await kernel.execute("for i in range(2000): display('y' * 100)", timeout=PATIENCE)
    assert sum(len(output.text) for output in result.outputs) <= 1000
    assert result.truncated >= 190_000


async def test_a_flood_from_a_subprocess_does_not_block(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(3 * 10**6 * str(1))'])"
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.OK
    assert result.truncated > 2_900_000
