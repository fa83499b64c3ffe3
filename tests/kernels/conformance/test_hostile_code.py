"""Code that breaks, floods or starves its own interpreter: the host is unharmed and the next cell works."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, Kernel, Protection

from ..conftest import KernelMaker
from .cells import FOREVER, PATIENCE, value
from .host_processes import running_with, unique_seconds, until_gone

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEADLY = {
    "leaving at once": "import os; os._exit(3)",
    "a null pointer": "import ctypes; ctypes.string_at(0)",
    "its own kill": "import os; os.kill(os.getpid(), 9)",
    "its own stop and kill": "import os; os.kill(os.getpid(), 11)",
}

UNSTOPPABLE = {
    "a sum in C": "sum(range(10**12))",
    "a search in C": "import itertools\n-1 in itertools.count()",
    "a swallowed interrupt": "import time\nwhile True:\n  try: time.sleep(600)\n  except BaseException: pass",
    "an ignored signal": "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(600)",
    "a stop": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
}

MUTILATING = {
    "closed streams": "import os\nfor fd in (0, 1, 2): os.close(fd)",
    "closed stream objects": "import sys\nsys.__stdout__ = sys.__stderr__ = None",
    "no streams": "import sys\nsys.stdout = sys.stderr = None\nprint('nowhere')",
    "other streams": "import io, sys\nsys.stdout = sys.stderr = io.StringIO()\nprint('elsewhere')",
    "streams that raise": (
        "import sys\nclass Bad:\n  def write(self, *text): raise OSError('no')\n"
        "  flush = write\nsys.stdout = sys.stderr = Bad()"
    ),
    "no builtins": "import builtins\ndel builtins.print, builtins.input, builtins.open",
    "no working folder": "import os, shutil\nos.mkdir('d'); os.chdir('d'); os.rmdir('../d')",
    "no environment": "import os; os.environ.clear()",
    "no modules": "import sys\nfor name in ('json', 'os', 'traceback'): sys.modules.pop(name, None)",
    "a trace function": "import sys\nsys.settrace(lambda *a: 1 / 0)",
    "a recursion limit": "import sys\nsys.setrecursionlimit(60)",
    "no signal handler": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)",
    "an alarm": "import signal, time\nsignal.alarm(1)\ntime.sleep(3)",
    "limits of its own": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))",
    "endless recursion": "import sys\nsys.setrecursionlimit(10**5)\ndef f(): return [f()]\nf()",
    "endless recursion in C": (
        "import ctypes, sys\nsys.setrecursionlimit(10**9)\n"
        "call = ctypes.CFUNCTYPE(None)(lambda: call())\ncall()"
    ),
    "a deep structure": "deep = []\nfor _ in range(10**6): deep = [deep]\nrepr(deep)",
    "no garbage collector": "import gc\ngc.disable(); gc.set_threshold(1)",
}


async def works_again(kernel: Kernel) -> None:
    """It works now, or says once that it died or hung, and works then."""
    result = await kernel.execute("6 * 7", timeout=3.0)
    if (result.status, result.text()) != (CellStatus.OK, "42"):
        assert result.status in (CellStatus.DIED, CellStatus.TIMEOUT, CellStatus.ERROR), result
        if result.status is CellStatus.ERROR:
            await kernel.restart()
        again = await kernel.execute("6 * 7", timeout=PATIENCE)
        assert (again.status, again.text()) == (CellStatus.OK, "42")


@pytest.mark.parametrize("name", DEADLY)
async def test_death_costs_the_state_and_nothing_else(kernel: Kernel, name: str) -> None:
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(
        f"import time\nprint('last words', flush=True); time.sleep(0.1)\n{DEADLY[name]}", timeout=FOREVER
    )
    assert (result.status, result.state_lost) == (CellStatus.DIED, True)
    assert result.text().startswith("last words\n[the interpreter died")
    assert result.text().endswith("[the interpreter was restarted; all variables are lost]")
    assert await value(kernel, "'x' in globals()") == "False"


@pytest.mark.parametrize("name", UNSTOPPABLE)
async def test_what_cannot_be_interrupted_is_killed(kernel: Kernel, name: str) -> None:
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(f"print('begun')\n{UNSTOPPABLE[name]}", timeout=0.3)
    assert (result.status, result.state_lost) == (CellStatus.TIMEOUT, True)
    assert "timed out" in result.text()
    assert result.text().endswith("[the interpreter was restarted; all variables are lost]")
    assert await value(kernel, "'x' in globals()") == "False"


@pytest.mark.parametrize("name", MUTILATING)
async def test_a_mutilated_interpreter_works_or_is_replaced(fresh_kernel: Kernel, name: str) -> None:
    result = await fresh_kernel.execute(MUTILATING[name], timeout=PATIENCE)
    assert result.status in (CellStatus.OK, CellStatus.ERROR, CellStatus.DIED), result
    await works_again(fresh_kernel)


async def test_closed_streams_can_still_be_printed_to(fresh_kernel: Kernel) -> None:
    await fresh_kernel.execute("import os\nfor fd in (0, 1, 2): os.close(fd)", timeout=PATIENCE)
    assert (await fresh_kernel.execute("print('here')\n1 + 1", timeout=PATIENCE)).text() == "here\n2"


@pytest.mark.parametrize("stream", ["None", "open('f', 'w')", "io.StringIO()", "object()"])
async def test_a_lost_stream_costs_no_result(fresh_kernel: Kernel, stream: str) -> None:
    code = f"import io, sys\nsys.stdout = sys.stderr = {stream}\n6 * 7"
    assert await value(fresh_kernel, code) == "42"
    assert await value(fresh_kernel, "40 + 2") == "42"


async def test_memory_has_an_end(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel()
    limited = Protection.MEMORY in kernel.capabilities.protections
    greed = "blocks = []\nwhile True: blocks.append(bytearray(1 << 26))"
    if not limited:  # the machine's own memory is not for tests
        greed = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))\n" + greed
    result = await kernel.execute(greed, timeout=PATIENCE)
    assert result.status in (CellStatus.ERROR, CellStatus.DIED)
    if result.error is not None:
        assert result.error.name == "MemoryError"
    await kernel.execute("blocks = None", timeout=PATIENCE)
    await works_again(kernel)


async def test_a_fork_bomb_is_contained_and_cleared(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel()
    limited = Protection.PROCESS_COUNT in kernel.capabilities.protections
    seconds = unique_seconds()
    loop = "while True" if limited else "for _ in range(20)"
    bomb = f"import os\n{loop}:\n  if os.fork() == 0: os.execlp('sleep', 'sleep', '{seconds}')"
    result = await kernel.execute(bomb, timeout=PATIENCE)
    if limited:
        assert result.error is not None
        assert result.error.name == "BlockingIOError"
        assert len(running_with(seconds)) < 100
    else:
        assert result.status is CellStatus.OK
    await kernel.close()
    await until_gone(seconds)


async def test_a_thread_bomb_is_contained(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel()
    limited = Protection.PROCESS_COUNT in kernel.capabilities.protections
    count = 10_000 if limited else 100
    bomb = "import threading, time\n"
    bomb += f"for _ in range({count}): threading.Thread(target=time.sleep, args=[600]).start()"
    result = await kernel.execute(bomb, timeout=PATIENCE)
    assert result.status in ((CellStatus.ERROR, CellStatus.DIED) if limited else (CellStatus.OK,))
    await kernel.restart()
    assert await value(kernel, "6 * 7") == "42"
