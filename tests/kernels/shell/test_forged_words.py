"""What a shell says is foreign: nonsense ends it, forgeries confuse nobody but itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from replgym.kernels import CellStatus, Kernel

from ..conformance.cells import FOREVER, PATIENCE, value
from ..conformance.host_processes import unique_seconds, until_gone, until_running

pytestmark = pytest.mark.asyncio(loop_scope="session")
_KERNEL = "import os, time\nk = get_ipython().kernel\n"
NONSENSE = {
    "no frame": "os.write(k.channel.fileno(), b'\\xff' * 100); time.sleep(600)",
    "a frame that is no object": "os.write(k.channel.fileno(), b'\\x02\\0\\0\\0[]'); time.sleep(600)",
    "too deep": "os.write(k.channel.fileno(), b'\\0\\0\\2\\0' + b'[' * (1 << 17)); time.sleep(600)",
    "a closed connection": "os.close(k.channel.fileno()); time.sleep(600)",
    "many frames": "for i in range(999): k.channel.send({'id': str(i), 'done': True})\ntime.sleep(600)",
    "a question that is none": "k.channel.send({'id': k._cell, 'asks': ['x']}); time.sleep(600)",
    "half a record": "os.write(k.log.fd, b'garbage')",
    "an unknown record": 'os.write(k.log.fd, b\'\\x09\\0\\0\\0["x", "y"]\'[:13])',
    "a huge log": "os.truncate(k.log.fd, 60 << 20); os.write(k.log.fd, b'x')",
    "a negative count": "k.log._append(['cut', -5])",
    "no text": "k.log._append(['stdout', {'a': 1}])",
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_costs_the_state(kernel: Kernel, name: str) -> None:
    result = await kernel.execute(_KERNEL + NONSENSE[name], timeout=FOREVER)
    assert (result.status, result.state_lost) == (CellStatus.DIED, True)
    assert await value(kernel, "6 * 7") == "42"


async def test_a_cell_that_says_it_is_done_only_fools_itself(kernel: Kernel) -> None:
    code = "k.channel.send({'id': k._cell, 'done': True}); time.sleep(0.3); x = 1; print('late')"
    assert (await kernel.execute(_KERNEL + code, timeout=PATIENCE)).status is CellStatus.OK
    assert await value(kernel, "x") in ("late\n1", "1")
    assert await value(kernel, "x + 1") == "2"


async def test_a_late_word_of_an_earlier_cell_is_not_heard(kernel: Kernel) -> None:
    await value(kernel, _KERNEL + "old = k._cell")
    result = await kernel.execute(
        "k.channel.send({'id': old, 'done': True}); print('still here')", timeout=PATIENCE
    )
    assert result.text() == "still here"


async def test_a_fork_that_nobody_asked_for_is_not_heard(kernel: Kernel) -> None:
    await value(kernel, _KERNEL + "k.channel.send({'id': 'x', 'forked': True});")
    clone = await kernel.fork()
    assert await value(clone, "6 * 7") == "42"
    await clone.close()


_OWNER = """
import asyncio, sys
from replgym.kernels import BackendOptions, make_backend

async def main():
    kernel = await make_backend("fork", BackendOptions()).start_kernel()
    kernels = [kernel, await kernel.fork(), await kernel.fork()]
    kernels.append(await kernels[1].fork())
    code = "import subprocess as s\\nfor new in (0, 1): s.Popen(['sleep', '%s'], start_new_session=new)"
    for each in kernels:
        await each.execute(code % sys.argv[1], timeout=60)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_killed_owner_leaves_no_copy(kernel: Kernel) -> None:
    mark = unique_seconds()
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", _OWNER, mark)
    try:
        await until_running(mark, 8)
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        await owner.wait()
    await until_gone(mark)
