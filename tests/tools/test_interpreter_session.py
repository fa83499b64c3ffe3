"""Cells that call the host, on real kernels."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from replgym.kernels import CellStatus, KernelPool, make_kernel_pool
from replgym.tools import HostFunction, InterpreterSession
from replgym.tools.host_function import PREFIX, read_host_call

from .lender import lent_from

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool(size=4, warm=2) as made:
        yield made


@asynccontextmanager
async def session_of(
    pool: KernelPool, *functions: HostFunction, **options: Any
) -> AsyncIterator[InterpreterSession]:
    async with lent_from(pool) as lender:
        yield InterpreterSession(lender, functions, **options)


def double(value: Any) -> Any:
    if not isinstance(value, int):
        raise ValueError("f takes an integer")
    return 2 * value


async def told(session: InterpreterSession, code: str) -> str:
    return (await session.run(code)).result.text()


async def test_a_cell_calls_the_host_and_goes_on(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double)) as session:
        run = await session.run("print('a')\ny = f(4)\nprint(y)\nz = f(y)\nz")
        assert run.result.status is CellStatus.OK
        assert run.result.text() == "a\n8\n16"
        assert run.host_calls == 2
        assert run.result.duration > 0
        assert await told(session, "print(z)") == "16"


async def test_a_host_error_is_an_exception_without_frames_of_the_stub(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double)) as session:
        text = await told(session, "f('a')")
        assert text.splitlines()[-1] == "RuntimeError: f takes an integer"
        assert "call_host" not in text
        assert (
            await told(session, "try:\n    f('a')\nexcept RuntimeError as e:\n    print(e)")
            == "f takes an integer"
        )
        assert "not JSON serializable" in await told(session, "f(object())")


async def test_the_budget_of_a_function_is_counted_by_cell(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double, 1), HostFunction("g", double, 2)) as session:
        cell = "print(f(1))\ntry: f(1)\nexcept RuntimeError as e: print(e)"
        assert await told(session, cell) == "2\nf may be called once per cell"
        assert await told(session, cell) == "2\nf may be called once per cell"
        assert "g may be called 2 times per cell" in await told(session, "g(1); g(1); g(1)")


async def test_too_many_host_calls_end_the_cell_and_keep_its_variables(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double), host_calls_per_cell=5) as session:
        run = await session.run("n = 0\nwhile True:\n    try: f(1)\n    except Exception: pass\n    n += 1")
        assert run.result.status is CellStatus.ERROR
        assert run.result.text() == "RuntimeError: a cell may call the host 5 times"
        assert await told(session, "print(n)") == "5"


async def test_input_is_refused_and_the_interpreter_stays(pool: KernelPool) -> None:
    async with session_of(pool) as session:
        text = await told(session, "x = 3\nprint('before')\ninput('name? ')\nx = 4")
        assert text == "before\nEOFError: input() is not available here; assign the value in the code"
        assert await told(session, "print(x)") == "3"


async def test_a_submission_ends_its_cell(pool: KernelPool) -> None:
    async with session_of(pool) as session:
        run = await session.run("print(1)\nsubmit('x = 1')\nsubmit('x = 2')\nprint(2)")
        assert run.result.status is CellStatus.OK
        assert run.result.text() == "1"
        assert session.submission == "x = 1"


async def test_a_function_is_submitted_by_its_source(pool: KernelPool) -> None:
    async with session_of(pool) as session:
        await session.run(
            "if True:\n    def solution(x):\n        # kept\n        return x + 1\nsubmit(solution)"
        )
        assert session.submission == "def solution(x):\n    # kept\n    return x + 1\n"


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("3", "not int"),
        ("' '", "is empty"),
        ("None", "not NoneType"),
        ("lambda: 1", "made by def"),
        ("len", "TypeError"),
        ("'x' * 300_000", "at most 200000 characters"),
    ],
)
async def test_what_is_no_program_is_refused(pool: KernelPool, argument: str, problem: str) -> None:
    async with session_of(pool) as session:
        assert problem in await told(session, f"submit({argument})")
        assert session.submission is None


async def test_forged_prompts_are_no_more_than_calls(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double, 1)) as session:
        ask = f"import json\ndef ask(x): return json.loads(input({PREFIX!r} + x))\n"
        call = json.dumps({"function": "f", "arguments": [21]})
        assert await told(session, f"{ask}print(ask({call!r})['value'])") == "42"
        assert await told(session, f"f(1); print(ask({call!r})['error'])") == "f may be called once per cell"
        assert "valid JSON" in await told(session, "print(ask('{'))")
        assert "valid JSON" in await told(session, "print(ask('[' * 100_000))")
        assert "takes one argument" in await told(session, "print(ask('[]'))")
        assert "takes one argument" in await told(
            session, """print(ask('{"function": "f", "arguments": [1, 2]}'))"""
        )
        assert "no function" in await told(
            session, """print(ask('{"function": "run", "arguments": ["x"]}'))"""
        )


async def test_the_time_of_all_parts_counts_as_one_cell(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double), cell_timeout=0.6) as session:
        run = await session.run("import time\nx = 5\nwhile True:\n    f(1)\n    time.sleep(0.2)")
        assert run.result.status is CellStatus.TIMEOUT
        assert not run.result.state_lost
        assert 2 <= run.host_calls <= 5
        assert await told(session, "print(x)") == "5"


async def test_a_lost_interpreter_gets_its_stubs_again(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double)) as session:
        run = await session.run("x = 1\nimport os\nos._exit(3)")
        assert run.result.status is CellStatus.DIED
        assert "all variables are lost" in run.result.text()
        assert await told(session, "print(f(2), 'x' in globals())") == "4 False"


async def test_nothing_but_the_stub_is_in_reach(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", lambda x: 7 * x + 3, 1)) as session:
        source = await told(session, "import inspect; print(inspect.getsource(f))")
        assert source == 'def f(x):\n    return call_host("f", x)'
        names = await told(session, "print(sorted(n for n in globals() if not n.startswith('_')))")
        assert "call_host" not in names
        search = "any(isinstance(o, str) and '7 * ' + 'x' in o for o in gc.get_objects())"
        found = await told(session, f"import gc; print({search})")
        assert found == "False"


async def test_ordinary_prompts_are_not_calls() -> None:
    assert read_host_call("name? ") is None
    with pytest.raises(ValueError, match="at most"):
        read_host_call(PREFIX + "x" * 2_000_000)


LEFTOVERS = """\
import math, os, sys, threading, time
math.pi = 3
x = 1
os.chdir(os.sep)
os.environ["LEFT"] = "1"
sys.setrecursionlimit(5000)
open(os.path.join(HOME, "left.txt"), "w").close()
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""
LOOK = """\
import math, os, sys, threading
print(math.pi > 3, "x" in globals(), os.getcwd() != os.sep, os.environ.get("LEFT"))
print(sys.getrecursionlimit() < 5000, os.path.exists("left.txt"), len(threading.enumerate()))
"""


async def test_without_state_every_cell_has_a_fresh_interpreter(pool: KernelPool) -> None:
    async with session_of(pool, HostFunction("f", double, 1), stateless=True) as session:
        before = await told(session, LOOK)
        assert await told(session, f"HOME = __import__('os').getcwd()\n{LEFTOVERS}") == ""
        assert await told(session, LOOK) == before
        assert before.startswith("True False True None\nTrue False ")
        assert await told(session, "print(f(4))") == "8"
        assert (await told(session, "print(x)")).splitlines()[-2:] == [
            "NameError: name 'x' is not defined",
            "[this cell had a fresh interpreter; nothing stays of earlier cells]",
        ]
        assert await told(session, "import os; os._exit(1)") == "[the interpreter died]"
        assert await told(session, "while True: f(1)") != ""
        await session.run("submit('x = 1')")
        assert session.submission == "x = 1"


async def test_without_state_one_interpreter_is_enough_for_many_sessions() -> None:
    async with (
        make_kernel_pool("fork", size=1, warm=1) as narrow,
        session_of(narrow, stateless=True) as one,
        session_of(narrow, stateless=True) as two,
    ):
        for n in range(3):
            assert await told(one, f"print({n})") == await told(two, f"print({n})") == str(n)
