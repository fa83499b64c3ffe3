"""The slots of a judge: what they hide, how they end, and that they are used again and again."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import threading
from pathlib import Path

import pytest

from replgym.kernels.capabilities import IsolationLevel, Protection
from replgym.kernels.isolation import ladder
from replgym.kernels.kernel_error import IsolationError
from replgym.rewards import CallCase, CallTests, Judge, JudgeLimits, StdioCase, StdioTests

from .processes import alive, descendants, until

_TESTS = CallTests(entry_point="f", cases=(CallCase(arguments=(3,), expected=6),))
_RIGHT = "def f(x): return 2 * x"
_STDIO = StdioTests(cases=(StdioCase(stdin="3", expected="6"),))
_SLOW = "import time\ndef f(x): time.sleep(0.6); return 2 * x"


async def test_three_hundred_submissions_leave_nothing() -> None:
    greedy = "import os\nopen('x', 'w').write('x' * 10**6)\nif os.fork() == 0:\n    while True: pass\n"
    programs = [
        (_TESTS, _RIGHT),
        (_TESTS, greedy + _RIGHT),
        (_TESTS, "import os\nos._exit(0)"),
        (_STDIO, "print(2 * int(input()))"),
        (_STDIO, greedy + "print(2 * int(input()))"),
        (_STDIO, "1 / 0"),
    ]
    async with Judge(2) as judge:
        for _ in range(2):
            await asyncio.gather(
                *(judge.grade(tests, source, time_limit=20) for tests, source in programs * 2)
            )
        idle, descriptors = descendants(os.getpid()), len(os.listdir("/proc/self/fd"))
        held = {pid: _memory_and_descriptors(pid) for pid in idle}
        for _ in range(25):
            verdicts = await asyncio.gather(
                *(judge.grade(tests, source, time_limit=20) for tests, source in programs * 2)
            )
            assert [verdict.passed for verdict in verdicts] == 2 * [True, True, False, True, True, False]
        assert descendants(os.getpid()) == idle
        assert len(os.listdir("/proc/self/fd")) == descriptors
        for pid in idle:
            memory, count = _memory_and_descriptors(pid)
            assert count == held[pid][1]
            assert memory < held[pid][0] + (4 << 20)


def _memory_and_descriptors(pid: int) -> tuple[int, int]:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize(), len(os.listdir(f"/proc/{pid}/fd"))


async def test_whatever_dies_in_the_middle_is_replaced() -> None:
    before = descendants(os.getpid())
    async with Judge(1) as judge:
        for _ in range(6):
            await judge.grade(_TESTS, _RIGHT, time_limit=60)
            parts = sorted(descendants(os.getpid()) - before)
            for pid in parts:
                grade = asyncio.create_task(judge.grade(_TESTS, _SLOW, time_limit=60))
                await asyncio.sleep(0.2)
                if not alive({pid}):
                    continue
                os.kill(pid, signal.SIGKILL)
                assert (await grade).passed
            if not alive(set(parts)):
                break
            await grade
        assert not alive(set(parts))


async def test_one_judge_serves_several_event_loops() -> None:
    async with Judge(1) as judge:
        passed: list[bool] = []

        async def some() -> None:
            verdicts = await asyncio.gather(*(judge.grade(_TESTS, _RIGHT, time_limit=60) for _ in range(5)))
            passed.extend(verdict.passed for verdict in verdicts)

        threads = [threading.Thread(target=lambda: asyncio.run(some())) for _ in range(3)]
        for thread in threads:
            thread.start()
        await some()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        assert passed == 20 * [True]


async def test_what_is_promised_holds(tmp_path: Path) -> None:
    secret = tmp_path / "expected.json"
    secret.write_text("6")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        source = f"""
import os, socket
def f(x):
    reached = []
    for path in ({str(secret)!r}, {__file__!r}, '/etc/shadow', '/proc/1/environ', '/proc/1/mem'):
        try:
            reached.append((path, open(path, 'rb').read(1)))
        except OSError:
            pass
    for host, port in (('127.0.0.1', {port}), ('1.1.1.1', 53)):
        try:
            socket.create_connection((host, port), timeout=1)
            reached.append(host)
        except OSError:
            pass
    for pid in (1, {os.getpid()}):
        for number in (0, 9):
            try:
                os.kill(pid, number) if pid != os.getpid() else None
                reached.append(pid) if number == 0 and pid != 1 else None
            except OSError:
                pass
    return 2 * x if not reached else repr(reached)
"""
        async with Judge(1) as judge:
            promised = await judge.protections()
            if promised.isolation is IsolationLevel.NAMESPACES:
                assert promised.protections >= {Protection.READING, Protection.NETWORK, Protection.SIGNALS}
                verdict = await judge.grade(_TESTS, source, time_limit=20)
                assert verdict.passed, verdict


async def test_hidden_files_are_not_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in ("shown", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "answers").write_text("6")
    source = f"""
def f(x):
    assert open({str(tmp_path / "shown" / "answers")!r}).read() == '6'
    try:
        return open({str(tmp_path / "hidden" / "answers")!r}).read() or 6
    except OSError:
        return 2 * x
"""
    async with Judge(1, readable=[str(tmp_path)], hidden=[str(tmp_path / "hidden")]) as judge:
        verdict = await judge.grade(_TESTS, source, time_limit=20)
        assert verdict.passed, verdict


async def test_modules_can_be_loaded_ahead() -> None:
    source = "import sys\nloaded = 'fractions' in sys.modules\ndef f(x): return 6 if loaded else 0"
    async with Judge(1, preload=["fractions"]) as judge:
        assert (await judge.grade(_TESTS, source, time_limit=20)).passed


async def test_limits_of_processes_and_files() -> None:
    many = """
import os, time
def f(x):
    try:
        for _ in range(99):
            if os.fork() == 0:
                time.sleep(9)
    except OSError:
        return 6
"""
    big = """
def f(x):
    try:
        open('x', 'wb').write(bytes(3 << 20))
    except OSError:
        return 6
"""
    limits = JudgeLimits(processes=16, file_size=2 << 20, output=1 << 20)
    async with Judge(1, limits=limits) as judge:
        for source in (many, big):
            assert (await judge.grade(_TESTS, source, time_limit=20)).passed


async def test_weak_isolation_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = ladder.Ladder()
    weak._tried |= dict.fromkeys((IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED), "not here")
    monkeypatch.setattr("replgym.rewards.judge.this_machine", lambda: weak)
    async with Judge(1) as judge:
        with pytest.raises(IsolationError, match="could reach its examiner"):
            await judge.grade(_TESTS, _RIGHT, time_limit=20)
    async with Judge(1, isolation="namespaces") as judge:
        with pytest.raises(IsolationError, match="not available"):
            await judge.protections()
    async with Judge(1, isolation="limits") as judge:
        assert "A submission could reach its examiner." in (await judge.protections()).notes
        assert (await judge.grade(_TESTS, _RIGHT, time_limit=20)).passed
    with pytest.raises(ValueError, match="strong"):
        Judge(isolation="strong")


async def test_too_many_submissions_wait_their_turn() -> None:
    before = descendants(os.getpid())
    async with Judge(1) as judge:
        grades = [asyncio.create_task(judge.grade(_TESTS, _SLOW, time_limit=60)) for _ in range(3)]
        await asyncio.sleep(0.05)
        grades[1].cancel()
        assert (await grades[0]).passed
        assert (await grades[2]).passed
        assert grades[1].cancelled()
        await until(lambda: len(descendants(os.getpid()) - before) < 12)
