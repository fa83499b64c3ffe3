from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from replgym.rewards import (
    CallCase,
    CallTests,
    CheckTests,
    Judge,
    JudgeError,
    JudgeLimits,
    Outcome,
    Tests,
    Verdict,
)
from replgym.rewards.tests import PlacementChoice

from .processes import alive, descendants, until

_ROOT = Path(__file__).absolute().parents[2]


@pytest_asyncio.fixture
async def judge() -> AsyncIterator[Judge]:
    async with Judge(2) as ready:
        yield ready


_DOUBLE = CallTests(
    entry_point="double",
    cases=(CallCase(arguments=(2,), expected=4), CallCase(arguments=([1],), expected=[1, 1])),
)
_RIGHT = "def double(x): return x + x"


def _outcomes(verdict: Verdict) -> list[Outcome]:
    return [test.outcome for test in verdict.tests]


def _check(body: str, context: str = "") -> CheckTests:
    return CheckTests(entry_point="f", source=f"def check(candidate):\n    {body}\n", context=context)


@pytest.mark.parametrize("isolation", ["auto", "restricted", "limits"])
async def test_submissions_of_all_kinds(isolation: str) -> None:
    async with Judge(1, isolation=isolation) as judge:
        assert (await judge.grade(_DOUBLE, _RIGHT, time_limit=60)).passed
        half = await judge.grade(_DOUBLE, "def double(x): return 4", time_limit=60)
        assert _outcomes(half) == [Outcome.PASSED, Outcome.WRONG_ANSWER]
        assert half.fraction == 0.5
        broken = await judge.grade(_DOUBLE, "def double(x: return", time_limit=60)
        assert _outcomes(broken) == 2 * [Outcome.SYNTAX_ERROR]
        assert "line 1" in broken.tests[0].message
        missing = await judge.grade(_DOUBLE, "def treble(x): return 3 * x", time_limit=60)
        assert _outcomes(missing) == 2 * [Outcome.RUNTIME_ERROR]
        assert "does not define 'double'" in missing.tests[0].message
        hopeless = await judge.grade(_DOUBLE, "while True: pass", time_limit=0.3)
        assert _outcomes(hopeless) == [Outcome.TIMEOUT, Outcome.NOT_RUN]


@pytest.mark.parametrize(
    ("expected", "answer", "equal"),
    [
        (1, "True", False),
        (True, "1", False),
        (1, "1.0", False),
        ([1, [2]], "(1, (2,))", True),
        ({"a": [1]}, "{'a': (1,)}", True),
        ({"a": 1}, "{'a': True}", False),
        ({"1": 1}, "{1: 1}", False),
        (0.3, "0.1 + 0.2", False),
        (None, "None", True),
        ("a", "b'a'", False),
        ([1], "{1}", False),
    ],
)
async def test_answers_are_compared_by_type_and_value(
    judge: Judge, expected: object, answer: str, equal: bool
) -> None:
    tests = CallTests(entry_point="f", cases=(CallCase(arguments=(), expected=expected),))
    assert (await judge.grade(tests, f"def f(): return {answer}", time_limit=60)).passed is equal


async def test_what_a_submission_raises_is_told_apart(judge: Judge) -> None:
    tests = _check(
        "assert candidate(0)\n    assert candidate(1)\n    assert candidate(2)\n    assert candidate(3)"
    )
    source = (
        "def f(n):\n if n == 1: raise AssertionError('mine')\n if n == 2: raise MemoryError\n return n == 3"
    )
    verdict = await judge.grade(tests, source, time_limit=60)
    assert _outcomes(verdict) == [Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR, Outcome.MEMORY, Outcome.PASSED]
    assert verdict.tests[1].message == "AssertionError: mine"


async def test_a_check_can_expect_an_exception(judge: Judge) -> None:
    body = "try:\n        candidate(-1)\n        assert False\n    except ValueError:\n        pass"
    for source, passed in (("raise ValueError('no')", True), ("raise TypeError", False), ("return 1", False)):
        assert (await judge.grade(_check(body), f"def f(n): {source}", time_limit=60)).passed is passed


async def test_a_check_that_swallows_everything_cannot_hide_the_end(judge: Judge) -> None:
    body = "try:\n        assert candidate(1)\n    except:\n        pass"
    for source, outcome, limit in (
        ("__import__('os')._exit(0)", Outcome.RUNTIME_ERROR, 60),
        ("__import__('time').sleep(60)", Outcome.TIMEOUT, 0.5),
    ):
        verdict = await judge.grade(_check(body), f"def f(n): return {source}", time_limit=limit)
        assert _outcomes(verdict) == [outcome]


async def test_what_follows_the_last_test_counts(judge: Judge) -> None:
    tests = _check("assert candidate(1)\n    helper(candidate)", "def helper(c):\n    assert c(2)")
    assert (await judge.grade(tests, "def f(n): return True", time_limit=60)).passed
    assert not (await judge.grade(tests, "def f(n): return n == 1", time_limit=60)).passed
    exits = "import os\ndef f(n): return n == 1 or os._exit(0)"
    assert not (await judge.grade(tests, exits, time_limit=60)).passed


async def test_an_answer_that_blocks_the_examiner_is_a_timeout() -> None:
    async with Judge(limits=JudgeLimits(grace_seconds=0.2)) as judge:
        tests = _check("assert 10 ** candidate(1) % 7 == 1")
        verdict = await judge.grade(tests, "def f(n): return 10 ** 9", time_limit=0.3)
    assert _outcomes(verdict) == [Outcome.TIMEOUT]


async def test_a_source_that_is_too_long_is_not_run(judge: Judge) -> None:
    verdict = await judge.grade(_DOUBLE, _RIGHT + "\n#" + "x" * (2 << 20), time_limit=60)
    assert _outcomes(verdict) == 2 * [Outcome.SYNTAX_ERROR]
    assert "the limit is 1048576" in verdict.tests[0].message


@pytest.mark.parametrize(
    "source", ["\0", "\ud800", "(" * 5000, "-" * 200_000 + "1", "", "x = '" + "é" * 1000]
)
async def test_strange_sources_fail_and_do_no_harm(judge: Judge, source: str) -> None:
    verdict = await judge.grade(_DOUBLE, source, time_limit=60)
    assert verdict.fraction == 0
    assert len(verdict.tests) == 2


async def test_broken_tests_are_no_wrong_answer(judge: Judge) -> None:
    for tests in (
        CheckTests(entry_point="f", source="def check(:"),
        CheckTests(entry_point="f", source="x = 1"),
        CheckTests(entry_point="f", source="def check(c): assert c(1)", context="1/0"),
    ):
        with pytest.raises(JudgeError, match="tests of the task are broken"):
            await judge.grade(tests, "def f(n): return 1", time_limit=60)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf")])
async def test_wrong_settings_are_named(limit: float) -> None:
    judge = Judge()
    with pytest.raises(ValueError, match="time_limit"):
        await judge.grade(_DOUBLE, _RIGHT, time_limit=limit)
    with pytest.raises(ValueError, match="concurrency"):
        Judge(0)
    with pytest.raises(ValueError, match=r"JudgeLimits\.memory"):
        JudgeLimits(memory=0)
    await judge.close()


async def _kill_examiners(number: int, idle: set[int]) -> None:
    """Kills the next examiners, which live outside of the sandbox, each in the middle of its work."""
    outside = os.readlink("/proc/self/ns/pid")
    killed: set[int] = set()

    def kill_one() -> bool:
        for pid in descendants(os.getpid()) - idle - killed:
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/ns/pid") == outside:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
        return len(killed) >= number

    await until(kill_one)


async def test_a_dead_examiner_is_retried_and_then_a_judge_error() -> None:
    tests = _check("for n in (1,): assert candidate(n)")  # which takes an examiner of its own
    slow = "import time\ndef f(x): time.sleep(0.7); return True"
    async with Judge(1) as judge:
        await judge.grade(tests, "def f(x): return 1", time_limit=60)
        idle = descendants(os.getpid())
        verdict, _ = await asyncio.gather(judge.grade(tests, slow, time_limit=60), _kill_examiners(2, idle))
        assert verdict.passed
        with pytest.raises(JudgeError, match="failed 3 times"):
            await asyncio.gather(judge.grade(tests, slow, time_limit=60), _kill_examiners(3, idle))


async def test_a_dead_fork_server_is_replaced() -> None:
    async with Judge() as judge:
        before = descendants(os.getpid())
        await judge.grade(_DOUBLE, _RIGHT, time_limit=60)
        servers = descendants(os.getpid()) - before
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
        assert (await judge.grade(_DOUBLE, _RIGHT, time_limit=60)).passed
        assert not alive(servers)


async def test_nothing_is_left_after_a_hundred_grades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = descendants(os.getpid())
    judge = Judge(4)
    await asyncio.gather(*(judge.grade(_DOUBLE, _RIGHT, time_limit=60) for _ in range(8)))
    running, fds = descendants(os.getpid()), len(os.listdir("/proc/self/fd"))
    survivor = "import subprocess\nsubprocess.Popen(['/bin/sleep', '99'], start_new_session=True)\n" + _RIGHT
    verdicts = await asyncio.gather(
        *(judge.grade(_DOUBLE, survivor if n % 5 == 0 else _RIGHT, time_limit=60) for n in range(100))
    )
    assert all(verdict.passed for verdict in verdicts)
    assert descendants(os.getpid()) == running
    assert len(os.listdir("/proc/self/fd")) == fds
    await judge.close()
    await judge.close()
    assert descendants(os.getpid()) == before
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(JudgeError, match="closed"):
        await judge.grade(_DOUBLE, _RIGHT, time_limit=60)


async def test_what_test_programs_write_is_out_of_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writes = "import pathlib, tempfile; kept = tempfile.mkdtemp(); pathlib.Path('left').mkdir()"
    finds = "import os; assert os.listdir() == []"
    async with Judge(1) as judge:
        for check in (writes, finds):
            source = f"def check(candidate):\n    {check}; assert candidate(1) == 2"
            tests = CheckTests(entry_point="double", source=source, placement=PlacementChoice.TRUSTED)
            verdict = await judge.grade(tests, _RIGHT, time_limit=60)
            assert verdict.passed, verdict
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "tests", [_DOUBLE, _check("for n in (1,): assert candidate(n)")], ids=["call", "check"]
)
async def test_a_cancelled_grade_leaves_nothing(tests: Tests) -> None:
    async with Judge(1) as judge:
        await judge.grade(_DOUBLE, _RIGHT, time_limit=60)
        idle = descendants(os.getpid())
        grade = asyncio.create_task(judge.grade(tests, "while True: pass", time_limit=60))
        await until(lambda: descendants(os.getpid()) - idle)
        grade.cancel()
        with pytest.raises(asyncio.CancelledError):
            await grade
        await until(lambda: not descendants(os.getpid()) - idle)
        assert (await judge.grade(_DOUBLE, _RIGHT, time_limit=60)).passed


_HOST = """
import asyncio
from replgym.rewards import CallCase, CallTests, Judge

async def main():
    judge = Judge()
    tests = CallTests(entry_point="f", cases=(CallCase(arguments=(), expected=1),))
    source = '''
import ctypes, subprocess, time
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
def f(): time.sleep(600)
'''
    await judge.grade(tests, source, time_limit=600)

asyncio.run(main())
"""


async def test_nothing_outlives_a_killed_host(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    host = subprocess.Popen(
        [sys.executable, "-c", _HOST],
        env={**os.environ, "PYTHONPATH": str(_ROOT), "TMPDIR": str(folder)},
    )
    await until(lambda: any(_command(pid).startswith("/bin/sleep") for pid in descendants(host.pid)))
    family = descendants(host.pid)
    assert len(family) >= 4
    host.kill()
    host.wait()
    await until(lambda: not alive(family))
    await until(lambda: list(folder.iterdir()) == [])


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
