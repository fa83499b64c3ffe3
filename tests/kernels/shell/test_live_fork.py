"""A live copy has the state of the original, and from then on neither knows of the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from replgym.kernels import (
    CellStatus,
    ForkRefusedError,
    IsolationLevel,
    Kernel,
    KernelBackend,
    KernelClosedError,
)

from ..conformance.cells import FOREVER, PATIENCE, value
from ..conformance.host_processes import running_with, unique_seconds, until_gone, until_running

pytestmark = pytest.mark.asyncio(loop_scope="session")
Fork = Callable[[Kernel], Awaitable[Kernel]]


@pytest_asyncio.fixture(loop_scope="session")
async def fork() -> AsyncIterator[Fork]:
    """Forks kernels; the copies are closed after the test."""
    made: list[Kernel] = []

    async def one(kernel: Kernel) -> Kernel:
        made.append(await kernel.fork())
        return made[-1]

    yield one
    for kernel in made:
        await kernel.close()


async def test_the_copy_has_the_state(kernel: Kernel, fork: Fork) -> None:
    await value(kernel, "import random\nclass A:\n  n = 1\na = A(); x = [1, a]; random.seed(7)")
    await value(kernel, "a.n + 41")
    clone = await fork(kernel)
    for each in (kernel, clone):
        assert (
            await value(each, "_, Out[2], In[2], get_ipython().execution_count") == "(42, 42, 'a.n + 41', 4)"
        )
    assert await value(kernel, "random.random()") == await value(clone, "random.random()")
    await value(clone, "x.append(3); a.n = 5; del A")
    assert await value(kernel, "len(x), a.n, A.n") == "(2, 1, 1)"
    failed = await clone.execute("1 / 0", timeout=PATIENCE)
    assert failed.error is not None
    assert 'File "<cell 6>", line 1' in failed.error.traceback


async def test_files_are_copied_and_parted(kernel: Kernel, fork: Fork) -> None:
    await kernel.write_file("folder/data.txt", b"one")
    await value(kernel, "import os\nos.symlink(os.path.abspath('folder'), 'link'); here = os.getcwd()")
    await value(kernel, "log = open('log', 'w'); log.write('before ');")
    clone = await fork(kernel)
    await value(clone, "open('folder/data.txt', 'w').write('two'); log.write('clone'); log.close()")
    await value(kernel, "log.write('original'); log.close()")
    assert await kernel.read_file("folder/data.txt") == b"one"
    assert await clone.read_file("folder/data.txt") == b"two"
    assert await value(clone, "open('link/data.txt').read()") == "'two'"
    assert await kernel.read_file("log") == b"before original"
    assert await clone.read_file("log") == b"before clone"
    await clone.write_file("new", b"")
    assert "new" not in await value(kernel, "os.listdir()")
    assert await value(clone, "os.getcwd() == here, os.environ['HOME'] == os.getcwd()") == "(False, True)"
    assert await value(clone, "import tempfile; tempfile.gettempdir() == os.environ['TMPDIR']") == "True"


async def test_neither_reaches_the_other(kernel: Kernel, fork: Fork) -> None:
    if kernel.capabilities.isolation is IsolationLevel.LIMITS:
        pytest.xfail("this machine has nothing that could keep them apart")
    await value(kernel, "import os, signal\nopen('f', 'w').write('mine'); old = os.path.abspath('f')")
    one, two = await fork(kernel), await fork(kernel)
    folder = (await value(one, "os.getcwd()")).strip("'")
    for reader, path in ((one, "old"), (two, "old"), (kernel, f"'{folder}/f'"), (two, f"'{folder}/f'")):
        result = await reader.execute(f"open({path}).read()", timeout=PATIENCE)
        assert result.error is not None
        assert result.error.name in ("PermissionError", "FileNotFoundError")
    for each in (one, kernel, two):
        await each.execute("os.kill(-1, signal.SIGKILL)", timeout=PATIENCE)
        for other in {kernel, one, two} - {each}:
            assert (await other.execute("6 * 7", timeout=PATIENCE)).status is CellStatus.OK


async def test_copies_of_copies(kernel: Kernel, fork: Fork) -> None:
    await value(kernel, "trail = ['root']")
    line = [kernel]
    for depth in range(5):
        line.append(await fork(line[-1]))
        await value(line[-1], f"trail.append({depth}); open(f'{{len(trail)}}', 'w').close()")
    for depth, each in enumerate(line):
        assert await value(each, "len(trail), len(__import__('os').listdir())") == f"({depth + 1}, {depth})"
    for each in line[:-1]:
        await each.close()
    assert await value(line[-1], "len(trail)") == "6"


async def test_many_copies_of_one_state(kernel: Kernel, fork: Fork) -> None:
    await value(kernel, "n = 1")
    clones = [await fork(kernel) for _ in range(24)]
    results = await asyncio.gather(*(value(each, f"n + {i}") for i, each in enumerate(clones)))
    assert results == [str(i + 1) for i in range(24)]


async def test_too_many_generations_are_refused(kernel: Kernel, fork: Fork) -> None:
    if kernel.capabilities.isolation is IsolationLevel.LIMITS:
        pytest.xfail("this machine has nothing that could keep them apart, and so no bound on it")
    for number in range(15):
        await value(kernel, f"n = {number}")
        await (await fork(kernel)).close()
    await value(kernel, "n += 1")
    with pytest.raises(ForkRefusedError, match="descends from as many forks"):
        await kernel.fork()
    assert await value(kernel, "n") == "15"


REFUSED = {
    "threads run": "import threading\nt = threading.Timer(600, int)\nt.daemon = True; t.start()",
    "child processes run": "import subprocess\np = subprocess.Popen(['sleep', '600'])",
    "a connection is open": "import socket\na, b = socket.socketpair()",
    "a pipe or terminal": "import os\na, b = os.pipe()",
    "memory is shared": "import mmap\nm = mmap.mmap(-1, 4096)",
    "no name": "import tempfile\nt = tempfile.TemporaryFile()",
    "outside the working directory": "import tempfile\nt = tempfile.NamedTemporaryFile()",
    "asyncio tasks": "import asyncio\nt = asyncio.ensure_future(asyncio.sleep(600))\nawait asyncio.sleep(0)",
    "neither a file nor a folder": "import os\nos.mkfifo('fifo')",
}


@pytest.mark.parametrize("reason", REFUSED)
async def test_what_cannot_be_shared_is_refused(kernel: Kernel, reason: str) -> None:
    await value(kernel, f"x = 1\n{REFUSED[reason]}")
    with pytest.raises(ForkRefusedError, match=reason):
        await kernel.fork()
    assert await value(kernel, "x") == "1"


async def test_what_is_over_is_no_obstacle(kernel: Kernel, fork: Fork) -> None:
    code = (
        "import asyncio, subprocess, threading\nsubprocess.run(['true'])\n"
        "p = subprocess.Popen(['true']); p.wait()\n"
        "t = threading.Thread(target=int); t.start(); t.join()\nawait asyncio.sleep(0.01)"
    )
    await value(kernel, code)
    clone = await fork(kernel)
    assert await value(clone, "await asyncio.sleep(0.01, 'slept')") == "'slept'"
    assert await value(kernel, "await asyncio.sleep(0.01, 'slept')") == "'slept'"


async def test_a_waiting_cell_is_interrupted_first(kernel: Kernel, fork: Fork) -> None:
    await value(kernel, "x = 5")
    assert (await kernel.execute("x = input()", timeout=PATIENCE)).status is CellStatus.AWAITING_INPUT
    assert await value(await fork(kernel), "x") == "5"


async def test_a_copy_asks_times_out_dies_and_is_replaced_by_itself(kernel: Kernel, fork: Fork) -> None:
    await value(kernel, "x = 5")
    clone = await fork(kernel)
    asked = await clone.execute("int(input('? ')) + x", timeout=PATIENCE)
    assert asked.prompt == "? "
    assert (await clone.reply("1", timeout=PATIENCE)).text() == "6"
    stopped = await clone.execute("while True: pass", timeout=0.3)
    assert (stopped.status, stopped.state_lost) == (CellStatus.TIMEOUT, False)
    died = await clone.execute("print('last'); __import__('os')._exit(1)", timeout=FOREVER)
    assert (died.status, died.state_lost, died.outputs[0].text) == (CellStatus.DIED, True, "last\n")
    assert await value(clone, "'x' in globals()") == "False"
    assert await value(kernel, "x") == "5"


@pytest.mark.parametrize("first", ["original", "copy"])
async def test_each_end_takes_its_own_processes_alone(kernel: Kernel, fork: Fork, first: str) -> None:
    clone = await fork(kernel)
    seconds = {each: unique_seconds() for each in (kernel, clone)}
    for each, argument in seconds.items():
        code = (
            f"import os\nos.system('setsid sleep {argument} >/dev/null 2>&1 &')\n"
            f"os.system('(setsid sleep {argument} &) >/dev/null 2>&1 &')"
        )
        await value(each, f"{code};")
        await until_running(argument, 2)
    gone, left = (kernel, clone) if first == "original" else (clone, kernel)
    await gone.close()
    await until_gone(seconds[gone])
    assert len(running_with(seconds[left])) == 2
    assert await value(left, "1") == "1"
    await left.close()
    await until_gone(seconds[left])


async def test_a_closed_or_dead_kernel_has_nothing_to_fork(kernel: Kernel) -> None:
    await kernel.execute(
        "import os, threading; threading.Timer(0.05, os._exit, (1,)).start()", timeout=PATIENCE
    )
    while kernel.is_alive():
        await asyncio.sleep(0.01)
    with pytest.raises(KernelClosedError):
        await kernel.fork()


async def test_nothing_is_left_when_all_are_closed(shells: KernelBackend) -> None:
    before = _open_descriptors()
    kernel = await shells.start_kernel()
    clones = [await kernel.fork() for _ in range(3)]
    clones.append(await clones[0].fork())
    for each in (kernel, *clones):
        await each.close()
    assert _open_descriptors() == before


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
