"""More output than anyone wants: capped, counted, and never the end of the interpreter."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, Feature, Kernel

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


FLOODS = {
    "50 MB in one print": "print('x' * 50_000_000)",
    "5 MB past Python": "import os\ndata = b'x' * 5_000_000\nwhile data: data = data[os.write(1, data):]",
    "many lines": "for i in range(100_000): print(i)",
    "both streams in turn": ("import sys\nfor i in range(5_000): print(i); print(i, file=sys.stderr)"),
    "a long error": "raise ValueError('x' * 10_000_000)",
    "a deep traceback": "def f(n): return f(n - 1) if n else 1 / 0\nf(900)",
    "a large picture": (
        "from IPython.display import Image\nImage(data=b'\\x89PNG' + bytes(50_000_000), format='png')"
    ),
    "large JSON": "from IPython.display import JSON\nJSON(list(range(3_000_000)))",
    "many displays": "for i in range(6_000): display(i)",
    "many clearings": "from IPython.display import clear_output as c\nfor i in range(6_000): c(); print(i)",
    "a stream of updates": "h = display(0, display_id=True)\nfor i in range(6_000): h.update(i)",
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_ends_with_its_cell(kernel: Kernel, name: str) -> None:
    result = await kernel.execute(FLOODS[name], timeout=PATIENCE)
    assert result.status in (CellStatus.OK, CellStatus.ERROR), result
    assert not result.state_lost
    assert sum(len(text) for output in result.outputs for text in output.data.values()) < 200_000
    assert len(result.text()) < 10_000
    if result.error is not None:
        assert len(result.error.traceback) < 20_000
    assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"


@pytest.mark.parametrize(
    "printer",
    [
        "while True: print('x')",
        "while True: print('x' * 10_000)",
        "import os\nwhile True: os.write(1, b'x' * 10_000)",
        "import subprocess; subprocess.run(['yes'])",
        "import os; os.system('yes >&2')",
        "!yes",
        "%%bash\nyes",
        "while True: display('x')",
    ],
)
async def test_an_endless_printer_is_capped_and_stopped(make_kernel: KernelMaker, printer: str) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute(printer, timeout=0.5)
    if result.status is not CellStatus.TIMEOUT:
        # What goes to a descriptor goes to a file there, which ends the printer when it is full.
        assert Feature.FORK in kernel.capabilities.features
        assert "print(" not in printer
        assert "display(" not in printer
    assert 0 < sum(len(output.text) for output in result.outputs) <= 1000
    if "display" not in printer:  # they are slow, and may not have reached the cap
        assert result.truncated > 0
    assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"
