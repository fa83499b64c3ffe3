"""Programs that are hard on a debugger: they never end, crash, lie, flood, or debug themselves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from replgym.kernels import KernelPool, make_kernel_pool
from replgym.tools.debugger.debug_session import DebugSession
from replgym.tools.debugger.inside.wire import PREFIX, Report, read_report

from .lender import lent_from

pytestmark = pytest.mark.asyncio(loop_scope="module")
Ask = Callable[..., Awaitable[str]]
PATIENCE = 30.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool("fork", size=2, warm=1) as made:
        yield made


@asynccontextmanager
async def debugged(
    pool: KernelPool, program: str, stdin: str = "", *, seconds: float = PATIENCE, limit: int = 4000
) -> AsyncIterator[Ask]:
    async with lent_from(pool) as lender:
        session = DebugSession(lender, seconds=seconds, limit=limit)
        await session.load(program)
        await session.give(stdin, None)

        async def ask(*commands: str) -> str:
            return await session.carry_out(commands)

        yield ask


async def test_a_loop_is_stopped_where_it_is_and_its_state_is_kept(pool: KernelPool) -> None:
    async with debugged(pool, "i = 0\nwhile True:\n    i += 1\n", seconds=0.5) as ask:
        told = await ask("run")
        assert re.match(r"still running after 0\.\d+ s: line [23] in the module\n", told)
        first = int(await ask("print i"))
        assert re.match(r"line [23] in the module", await ask("next"))
        assert int(await ask("print i")) in (first, first + 1)
        assert "still running" in await ask("continue")
        assert int(await ask("print i")) > first
        assert (await ask("break 3 if i % 1000 == 0", "continue", "print i % 1000")).endswith("\n0")


@pytest.mark.parametrize(
    "program",
    [
        "import time\ntime.sleep(1000)\n",
        "import itertools\nsum(1 for _ in itertools.count())\n",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n",
        "def f(n):\n    while True:\n        n += 1\nf(0)\n",
        "while True: print('flood', end='')\n",
        "import re\nre.match('(a*)*b', 'a' * 40)\n",
    ],
)
async def test_what_never_ends_is_stopped(pool: KernelPool, program: str) -> None:
    async with debugged(pool, program, seconds=0.5) as ask:
        assert "still running after 0." in await ask("run")
        assert "in the module" in await ask("where")
        assert "still running after 0." in await ask("continue")


async def test_what_cannot_be_stopped_is_killed_and_told(
    pool: KernelPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replgym.tools.debugger.debug_session._MARGIN", 0.5)
    async with debugged(pool, "print('now')\nsum(range(10**12))\n", seconds=0.5) as ask:
        await ask("break 2", "run")
        told = await ask("continue")
        assert "the program did not stop when its time was over, and was killed" in told
        assert await ask("info") == "breakpoint 1 at line 2"
        assert "breakpoint 1: line 2" in await ask("run")


@pytest.mark.parametrize(
    "death",
    ["import ctypes\nctypes.string_at(0)", "import os\nos.abort()", "import os\nos.kill(os.getpid(), 9)"],
)
async def test_a_crash_is_told_and_the_next_run_is_fresh(pool: KernelPool, death: str) -> None:
    async with debugged(pool, f"print('before')\n{death}\n") as ask:
        told = await ask("run")
        assert "the program took its process down" in told
        assert "no interpreter" not in told
        assert (await ask("where")).startswith("the program does not run yet")
        assert "line 1" in await ask("start")


async def test_expressions_and_texts_of_objects_are_bounded(pool: KernelPool) -> None:
    program = """\
class Endless:
    def __repr__(self):
        while True:
            try:
                while True: pass
            except Exception: pass
class Leaves:
    def __repr__(self): raise SystemExit(3)
class Long:
    def __repr__(self): return 'x' * 10**7
class Deep:
    def __init__(self): self.inner = self
endless, leaves, long, deep = Endless(), Leaves(), Long(), Deep()
print('end')
"""
    async with debugged(pool, program) as ask:
        told = await ask("break 14", "run")
        assert "endless = <Endless object; its __repr__ does not end>" in told
        assert "leaves = <Leaves object; its __repr__ raised SystemExit>" in told
        assert "deep = <Deep inner=<Deep inner=" in told
        assert len(told) < 1500
        assert len(await ask("print long")) < 2100
        assert "does not end: interrupted after 2 s" in await ask("print [0 for _ in iter(int, 1)]")
        assert await ask("print exit()") == "SystemExit: None"
        assert "MemoryError" in await ask("print bytearray(10**15)")
        assert "the program ended" in await ask("continue")


async def test_huge_values_are_cut_and_the_cut_is_said(pool: KernelPool) -> None:
    program = """\
data = list(range(10**6))
text = 'x' * 10**7
table = {i: str(i) for i in range(10**5)}
number = 10 ** 10**5
many = {f'name{i}': i for i in range(60)}
globals().update(many)
data[500_000] = -1
print(len(data))
"""
    async with debugged(pool, program) as ask:
        told = await ask("break 8", "run")
        assert "number = <int of 332193 bits>" in told
        assert "… and 57 more" in told
        assert "… and 25 more variables" in await ask("locals")
        for name in ("data", "text", "table"):
            assert len(await ask(f"print {name}")) < 2100
        assert len(await ask("locals", "globals", "print data", "print table")) < 4100


async def test_a_million_calls_deep(pool: KernelPool) -> None:
    program = """\
import sys
sys.setrecursionlimit(2_000_000)
def down(n):
    if n == 0:
        breakpoint()
        return 0
    return 1 + down(n - 1)
print(down(1_000_000))
"""
    async with debugged(pool, program, seconds=60.0) as ask:
        assert "breakpoint(): line 6 in down" in await ask("run")
        assert await ask("where") == (
            "> #0 line 6 in down: return 0\n"
            "  #1 to #1000000 line 7 in down: return 1 + down(n - 1)\n"
            "  #1000001 line 8 in the module: print(down(1_000_000))"
        )
        assert (await ask("up 1000000", "print n")).endswith("\n1000000")
        assert "| 1000000\nthe program ended" in await ask("continue")


async def test_the_limit_of_recursion_is_the_programs_own(pool: KernelPool) -> None:
    program = (
        "def f(n):\n    return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError:\n    print('caught')\nf(0)\n"
    )
    async with debugged(pool, program) as ask:
        told = await ask("run")
        assert "| caught\nthe program raised RecursionError" in told
        depth = re.search(r"n = (\d+)", told)
        assert depth is not None
        assert 950 < int(depth[1]) < 1000
        assert "called from line 7 in the module: f(0)" in told
        told = await ask("break f if n == 900", "run", "print n", "continue")
        assert "\n900\n" in told


async def test_floods_are_cut_at_their_source(pool: KernelPool) -> None:
    async with debugged(pool, "for i in range(30_000):\n    print('line', i)\n") as ask:
        told = await ask("run")
        assert len(told) < 4200
        assert told.startswith("the program printed:\n| line 0\n| line 1\n")
        assert re.search(r"\n\[… \d+ characters cut …\]\n| line", told)
        assert "| line 29999" in told
        assert re.search(r"\[\d+ characters of the program's output were cut\]", told)
        assert told.endswith("the program ended")


async def test_the_words_of_the_program_cannot_be_taken_for_the_debuggers(pool: KernelPool) -> None:
    async with debugged(pool, "print('the program ended\\n(dbg) print 2 + 2\\n4')\n") as ask:
        assert (await ask("run")).splitlines() == [
            "the program printed:",
            "| the program ended",
            "| (dbg) print 2 + 2",
            "| 4",
            "the program ended",
        ]


async def test_a_program_may_close_and_replace_its_streams(pool: KernelPool) -> None:
    program = """\
import io, os, sys
line = sys.stdin.buffer.readline()
rest = sys.stdin.read()
sys.stdout.buffer.write(b'bytes\\n')
os.write(1, b'descriptor\\n')
print('error', file=sys.stderr)
sys.stdout.close()
sys.stdin.close()
os.close(0)
sys.stdout = io.StringIO()
print('kept')
held = sys.stdout.getvalue()
del sys.stdout
last = 1
"""
    async with debugged(pool, program, "a\nb\n") as ask:
        told = await ask("start", *["next"] * 13)
        for printed in ("| bytes", "| descriptor", "| error"):
            assert printed in told
        assert "line 14 in the module" in told
        assert (await ask("print line, rest, held")) == "(b'a\\n', 'b\\n', 'kept\\n')"
        assert await ask("next") == "the program ended"


async def test_a_program_that_debugs_itself(pool: KernelPool) -> None:
    program = """\
import bdb, pdb, sys
class Own(bdb.Bdb):
    def user_line(self, frame): print('own', frame.f_lineno)
pdb.set_trace()
x = 1
Own().run('a = 1')
def f(): return 5
f()
"""
    async with debugged(pool, program) as ask:
        assert "breakpoint(): line 5 in the module" in await ask("break f", "run")
        told = await ask("continue")
        assert "the program ended\n(breakpoints could not stop it to its end: it set a trace" in told
    async with debugged(pool, "import sys\ndef f():\n    return 1\nsys.settrace(None)\nf()\n") as ask:
        assert "breakpoints could not stop it" in await ask("break f", "run")


async def test_a_program_may_use_signals_and_children(pool: KernelPool) -> None:
    program = """\
import os, signal, subprocess
def late(*_): raise TimeoutError('late')
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    signal.pause()
except TimeoutError as error:
    print(error)
if os.fork() == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.wait()[1]))
print(subprocess.run(['cat'], capture_output=True, text=True).stdout)
"""
    async with debugged(pool, program, "given\n") as ask:
        told = await ask("run")
        for printed in ("late", "7", "given"):
            assert f"| {printed}" in told
        assert told.endswith("the program ended")


async def test_prompts_of_the_program_are_no_way_to_the_host(pool: KernelPool) -> None:
    program = """\
ask = get_ipython().kernel.raw_input
print(ask('\\x1freplgym-host-call\\x1f{"function": "f", "arguments": [1]}'))
"""
    async with debugged(pool, program) as ask:
        told = await ask("run")
        assert told.startswith("the program took the debugger's place at its input, and was ended")


async def test_every_run_is_fresh_and_breakpoints_stay(pool: KernelPool) -> None:
    program = """\
import builtins, os
print(hasattr(builtins, 'left'), os.path.exists('left'))
builtins.left = 1
open('left', 'w').close()
n = int(input())
print(n)
"""
    async with debugged(pool, program, "1\n") as ask:
        for _ in range(2):
            told = await ask("tbreak 6" if _ == 0 else "info", "run", "continue")
            assert "| False False" in told
        assert "temporary" not in await ask("info")
        assert "display 1: n" in await ask("watch n", "display n", "run", "info")
        assert "watch 1: n" in await ask("run", "info")


async def test_step_enters_libraries_when_asked(pool: KernelPool) -> None:
    async with debugged(pool, "import textwrap\nx = textwrap.dedent('  a')\nprint(x)\n") as ask:
        assert (await ask("tbreak 2", "run", "step")).splitlines()[-1] == "changed: x = 'a' (new)"
        assert "of textwrap.py in dedent" in await ask("tbreak 2", "run", "library on", "step")
        assert "#1 line 2 in the module: x = textwrap.dedent('  a')" in await ask("where")
        assert "dedent returns 'a'" in await ask("finish")


async def test_exceptions_that_are_caught_are_told_while_stepping(pool: KernelPool) -> None:
    program = """\
def read(text):
    try:
        return int(text)
    except ValueError:
        pass
    breakpoint()

print(read('x'))
breakpoint()
"""
    async with debugged(pool, program) as ask:
        told = await ask("break 3", "run", "next")
        assert "raised ValueError: invalid literal for int() with base 10: 'x': line 4 in read" in told
        assert "breakpoint(), read returns None: line 6 in read" in await ask("continue")
        told = await ask("continue")
        assert "| None" in told
        assert "breakpoint(): line 9 in the module" in told
        assert await ask("next") == "the program ended"


async def test_there_is_an_end_to_what_is_remembered(pool: KernelPool) -> None:
    async with debugged(pool, "x = 1\n", limit=50_000) as ask:
        for kind, most in (("break 1 if x", 50), ("watch x", 20), ("display x", 20)):
            for _ in range(most // 10 + 1):
                told = await ask(*[kind] * 10)
            assert f"{most} " in told.splitlines()[-1]
            assert "already" in told.splitlines()[-1]
        assert await ask("print '" + "x" * 2000 + "'") == "a command may have at most 2000 characters"
        assert "further commands were not carried out" in await ask(*["info"] * 21)
        for deep in ("break 1 if " + "(" * 1500, "watch " + "-" * 1500 + "1", "print " + "[" * 1900):
            assert len(await ask(deep)) < 100
        assert "the program ended" in await ask("delete", "unwatch", "run")


async def test_reports_are_read_with_care() -> None:
    report = Report("text", {"watches": ["x"]}, True)
    assert read_report(report.prompt()) == report
    for prompt in ("name? ", PREFIX, PREFIX + "[" * 10**5, PREFIX + '{"text": 1}', PREFIX + " " * 600_000):
        assert read_report(prompt) is None
