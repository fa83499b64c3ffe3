"""Grades submissions: a trusted examiner asks an untrusted process, and the host counts the answers.

    host  <--private socket-->  examiner (tests, expected values)  <--data only-->  candidate (submission)

Protected today: tests, expected values and the verdict never enter the candidate's process, and no exit code
or output of it counts. On Linux, where the system allows it, the candidate lives in a PID namespace without
capabilities, so it can neither signal nor read any other process. Its memory, CPU, files and time are
limited. Not protected today: the candidate can use the network and read what its user may read, also a data
set that lies on this disk; this is the host's user, except that root becomes a stranger where Python is open
to all (see `confinement`). A stronger sandbox goes behind `ProcessLauncher`. Without namespaces the candidate
could kill its examiner: that is a `JudgeError`, never a pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from ..kernels.kernel_error import KernelError
from .codec import CodecError
from .fork_launcher import ForkLauncher
from .frames import frame, read_frame
from .judge_limits import JudgeLimits
from .process_launcher import LaunchedProcess, ProcessLauncher
from .spawn_launcher import SpawnLauncher
from .test_subset import choose_subset
from .tests import Tests
from .verdict import JudgeError, Outcome, Placement, TestOutcome, Verdict

_CANDIDATE = "replgym.rewards.candidate_process:main"
_EXAMINER = "replgym.rewards.examiner_process:main"
_REAP_SECONDS = 10.0
_MAX_TESTS = 100_000


class Judge:
    """Grades one submission after the other, `concurrency` of them at a time."""

    def __init__(
        self,
        concurrency: int | None = None,
        *,
        limits: JudgeLimits | None = None,
        launcher: ProcessLauncher | None = None,
        max_tests: int | None = None,
    ) -> None:
        """Starts nothing yet.

        Args:
            concurrency: Grades at the same time; the number of cores by default.
            limits: What each submission may use.
            launcher: Where processes come from; a fork server on Linux, new interpreters elsewhere.
            max_tests: How many tests of a task are run at most, the same ones for every submission; see
                `choose_subset`.

        Raises:
            ValueError: If `concurrency` or `max_tests` is not positive.
        """
        if concurrency is not None and concurrency < 1:
            raise ValueError(f"concurrency is {concurrency!r}; it must be at least 1")
        if max_tests is not None and max_tests < 1:
            raise ValueError(f"max_tests is {max_tests!r}; it must be at least 1, or None for all tests")
        self._max_tests = max_tests
        self._limits = limits or JudgeLimits()
        self._launcher = launcher or (ForkLauncher() if sys.platform == "linux" else SpawnLauncher())
        self._free = asyncio.Semaphore(concurrency or os.cpu_count() or 1)

    async def grade(self, tests: Tests, source: str, *, time_limit: float) -> Verdict:
        """Runs all tests on a submission.

        Args:
            tests: The hidden tests.
            source: Python source of the submission.
            time_limit: Seconds for loading it and for all tests together.

        Returns:
            The outcome of every test, in the order of the task.

        Raises:
            ValueError: If `time_limit` is not positive and finite.
            JudgeError: If the machine failed, again and again, or the tests themselves are broken.
        """
        if not (time_limit > 0 and math.isfinite(time_limit)):
            raise ValueError(f"time_limit is {time_limit!r}; it must be a positive number of seconds")
        tests, subset = choose_subset(tests, self._max_tests)
        job = self._job(tests, source, time_limit)
        async with self._free:
            for attempt in range(self._limits.retries + 1):
                try:
                    return (await self._grade_once(job, time_limit)).of_subset(subset)
                except (_MachineError, KernelError, OSError, TimeoutError) as error:
                    if attempt == self._limits.retries:
                        reason = f"{type(error).__name__}: {error}"
                        raise JudgeError(f"the judge failed {attempt + 1} times: {reason}") from error
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Ends everything that the judge started; idempotent."""
        await self._launcher.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _job(self, tests: Tests, source: str, time_limit: float) -> bytes:
        """The examiner's orders; a source that is too long is not sent at all."""
        job: dict[str, object] = {"tests": tests.model_dump(), "time_limit": float(time_limit)}
        if len(source) <= self._limits.source:
            job["source"] = source
        else:
            job["refusal"] = f"the source has {len(source)} characters; the limit is {self._limits.source}"
        try:
            return frame(job)
        except CodecError as error:
            raise JudgeError(f"the tests cannot be handed to the examiner: {error}") from error

    async def _grade_once(self, job: bytes, time_limit: float) -> Verdict:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._limits.start_seconds):
                host = await self._launch(stack, time_limit)
                reader, writer = await asyncio.open_connection(sock=host)
                stack.callback(writer.close)
                writer.write(job)
                report = _Report(await _next(reader))
            start = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(time_limit + self._limits.grace_seconds):
                    while not report.complete:
                        report.add(await _next(reader))
            return report.verdict(time.monotonic() - start)

    async def _launch(self, stack: AsyncExitStack, time_limit: float) -> socket.socket:
        """Starts both processes and returns the host's end of the private socket."""
        host, examiner_to_host = socket.socketpair()
        examiner_to_candidate, candidate = socket.socketpair()
        stack.callback(host.close)
        memory = self._limits.memory
        try:
            host.setblocking(False)
            cwd = await stack.enter_async_context(_work_folder(await self._launcher.folder()))
            processes: list[LaunchedProcess] = []
            stack.push_async_callback(_end_all, processes)
            argument: dict[str, object] = {"fd": 3, "cwd": str(cwd), "memory": memory}
            argument["cpu_seconds"] = math.ceil(time_limit) + 2
            await self._start(processes, _CANDIDATE, argument, candidate)
            argument = {"host_fd": 3, "candidate_fd": 4, "memory": memory}
            await self._start(processes, _EXAMINER, argument, examiner_to_host, examiner_to_candidate)
        finally:
            for end in (examiner_to_host, examiner_to_candidate, candidate):
                end.close()
        return host

    async def _start(
        self, processes: list[LaunchedProcess], target: str, argument: dict[str, object], *ends: socket.socket
    ) -> None:
        process = await self._launcher.launch(target, argument, [end.fileno() for end in ends])
        processes.append(process)


class _MachineError(RuntimeError):
    """The examiner died or does not speak its protocol."""


class _Report:
    """What the examiner has said so far; anything unexpected is a failure of the machine."""

    def __init__(self, opening: dict[str, Any]) -> None:
        self._outcomes: list[TestOutcome | None] = [None] * _count(opening)
        self.complete = False

    def add(self, message: dict[str, Any]) -> None:
        """Takes one message."""
        if "tests" in message and self._outcomes.count(None) == len(self._outcomes):
            self._outcomes = [None] * _count(message)
            return
        if message.get("end") is True:
            self.complete = None not in self._outcomes
            if not self.complete:
                raise _MachineError("the examiner ended without an outcome for every test")
            return
        try:
            number, seconds, memory = message["test"], float(message["seconds"]), message["peak_memory"]
            outcome, text = Outcome(message["outcome"]), str(message["message"])
            self._outcomes[number] = TestOutcome(
                str(message["name"]), outcome, text, seconds, memory, Placement(message["placement"])
            )
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise _MachineError("the examiner sent garbage") from error

    def verdict(self, seconds: float) -> Verdict:
        """The verdict; an examiner that was kept busy beyond the time limit means a timeout."""
        outcomes = list(self._outcomes)
        if not self.complete:
            missing = [number for number, outcome in enumerate(outcomes) if outcome is None]
            outcome, message = Outcome.TIMEOUT, "the check of the answer took too long"
            for number in missing or [len(outcomes) - 1]:
                outcomes[number] = TestOutcome(f"test_{number + 1}", outcome, message)
                outcome, message = Outcome.NOT_RUN, "an earlier failure ended the examination"
        return Verdict(tuple(outcome for outcome in outcomes if outcome is not None), seconds)


def _count(message: dict[str, Any]) -> int:
    count = message.get("tests")
    if type(count) is not int or not 1 <= count <= _MAX_TESTS:
        raise _MachineError("the examiner did not say how many tests there are")
    return count


async def _next(reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        message = await read_frame(reader)
    except (EOFError, CodecError) as error:
        raise _MachineError(f"the examiner died or sent garbage: {error}") from error
    if type(message) is not dict:
        raise _MachineError("the examiner sent garbage")
    if "fault" in message:
        raise JudgeError(f"the tests of the task are broken: {message['fault']}")
    return message


async def _end_all(processes: list[LaunchedProcess]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        await process.wait(_REAP_SECONDS)


@asynccontextmanager
async def _work_folder(parent: Path) -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="candidate-", dir=parent))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
