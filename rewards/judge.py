"""Grades submissions: a trusted examiner asks an untrusted process, and the host counts the answers.

    host  <--private socket-->  examiner (tests, expected values)  <--data only-->  candidate (submission)

Tests, expected values and the verdict never enter the candidate's process, and no exit code or output of it
counts. A judge keeps warm slots. Each is a trusted server, which forks an examiner for every submission, and
a sandbox, whose first process forks the candidates; the sandbox is emptied before the next submission.
"""

from __future__ import annotations

import math
import os
import pickle
import shutil
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ..kernels.backend_options import Isolation
from ..kernels.capabilities import Capabilities, Protection
from ..kernels.isolation.ladder import this_machine
from ..kernels.isolation.rung import Rung
from ..kernels.kernel_error import IsolationError
from .installed_test_data import installed_test_data
from .judge_limits import JudgeLimits
from .judge_report import verdict_of
from .sandbox.compiler import COMPILER
from .slots.slot import SlotError
from .slots.slot_factory import SlotFactory
from .slots.slot_pool import SlotPool
from .test_subset import choose_subset
from .tests import Language, StdioTests, Tests
from .verdict import JudgeError, Verdict

_REMEMBERED_TESTS = 64
_GUARDS = frozenset({Protection.SIGNALS, Protection.PROCESSES})
"""What keeps a submission's hands off the examiner."""


@dataclass(frozen=True, slots=True)
class _EncodedTests:
    tests: Tests
    """Held, so that no other tests get the same identity."""
    data: bytes
    subset: tuple[int, ...] | None


class Judge:
    """Grades one submission after the other, `concurrency` of them at a time, from any event loop."""

    def __init__(
        self,
        concurrency: int | None = None,
        *,
        limits: JudgeLimits | None = None,
        isolation: Isolation | str = Isolation.AUTO,
        preload: Sequence[str] = (),
        readable: Sequence[str] = (),
        hidden: Sequence[str] | None = None,
        max_tests: int | None = None,
        allow_unproven: bool = True,
    ) -> None:
        """Starts nothing yet.

        Args:
            concurrency: Grades at the same time; the number of cores by default.
            limits: What each submission may use.
            isolation: How far submissions are kept from everything else. `auto` takes the strongest level
                of this machine; one where a submission could reach its examiner has to be named.
            preload: Modules to import once for all submissions, such as `numpy`.
            readable: Files and folders that submissions may read, beyond Python and the system's libraries.
            hidden: Those of them that they may not; by default the packages known to bring solutions.
            max_tests: The most tests of a task to run: the same ones for every submission.
            allow_unproven: Whether a test beside the submission may pass of which nothing is proven.

        Raises:
            ValueError: If a number is not positive, or there is no such isolation.
        """
        _check_positive("concurrency", concurrency)
        _check_positive("max_tests", max_tests)
        self._max_tests = max_tests
        self._allow_unproven = allow_unproven
        self._isolation = Isolation(isolation)
        self._limits = limits or JudgeLimits()
        self._concurrency = concurrency or os.cpu_count() or 1
        self._preload, self._readable = tuple(preload), tuple(readable)
        self._hidden = installed_test_data() if hidden is None else tuple(map(os.path.realpath, hidden))
        self._slots: SlotPool | None = None
        self._closed = False
        self._encoded: OrderedDict[int, _EncodedTests] = OrderedDict()

    async def grade(self, tests: Tests, source: str, *, time_limit: float) -> Verdict:
        """Runs all tests on a submission.

        Args:
            tests: The hidden tests.
            source: Source of the submission.
            time_limit: Seconds for loading it and for all tests together.

        Returns:
            The outcome of every test, in the order of the task.

        Raises:
            ValueError: If `time_limit` is not positive and finite.
            JudgeError: If the machine failed, again and again, or the tests themselves are broken.
            IsolationError: If this machine does not give the isolation that was asked for.
        """
        if not (time_limit > 0 and math.isfinite(time_limit)):
            raise ValueError(f"time_limit is {time_limit!r}; it must be a positive number of seconds")
        if _is_compiled(tests) and shutil.which(COMPILER) is None:
            raise JudgeError(f"C++ submissions need {COMPILER}, which this machine does not have: install it")
        encoded = self._encode(tests)
        job = self._job(source)
        slots = await self._open()
        for attempt in range(self._limits.retries + 1):
            try:
                return await self._grade_once(slots, encoded, job, time_limit)
            except (SlotError, OSError, TimeoutError) as error:
                if attempt == self._limits.retries:
                    reason = str(error) or type(error).__name__
                    raise JudgeError(f"the judge failed {attempt + 1} times: {reason}") from error
        raise AssertionError("unreachable")

    async def protections(self) -> Capabilities:
        """What is protected on this machine, found out by trying.

        Raises:
            IsolationError: If this machine does not give the isolation that was asked for.
        """
        rung = await self._rung()
        promised = rung.capabilities("judge", frozenset())
        notes = tuple(
            note.replace("interpreter", "submission").replace("kernel", "submission")
            for note in promised.notes
        )
        if not rung.protections >= _GUARDS:
            notes += ("A submission could reach its examiner.",)
        return replace(promised, notes=notes)

    async def close(self) -> None:
        """Ends everything that the judge started; idempotent."""
        self._closed = True
        slots, self._slots = self._slots, None
        if slots is not None:
            await slots.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _grade_once(
        self, slots: SlotPool, tests: _EncodedTests, job: bytes, time_limit: float
    ) -> Verdict:
        grace = self._limits.grace_seconds
        if _is_compiled(tests.tests):
            grace += self._limits.compile_seconds
        async with slots.lease() as slot:
            start = time.monotonic()
            messages = await slot.examine(tests.data, job, time_limit, grace)
            return verdict_of(messages, time.monotonic() - start, tests.subset)

    async def _open(self) -> SlotPool:
        if self._closed:
            raise JudgeError("the judge is closed")
        if self._slots is None:
            rung = await self._rung()
            if self._slots is None:
                factory = SlotFactory(
                    rung,
                    self._limits,
                    preload=self._preload,
                    readable=self._readable,
                    hidden=self._hidden,
                )
                self._slots = SlotPool(factory, self._concurrency, self._limits.start_seconds)
        return self._slots

    async def _rung(self) -> Rung:
        rung = await this_machine().choose(self._isolation)
        # Slots are made once for many submissions; there is no control group for each of these.
        bare = replace(rung.confinement, control_groups=False)
        rung = replace(rung, confinement=bare, control_groups=frozenset())
        if self._isolation is Isolation.AUTO and not rung.protections >= _GUARDS:
            raise IsolationError(
                "on this machine a submission could reach its examiner: the strongest isolation is "
                f"{rung.level} ({' '.join(rung.notes)}). Where submissions are trusted, "
                f"Judge(isolation='{rung.level}') accepts that; elsewhere, run the judge as root."
            )
        return rung

    def _encode(self, tests: Tests) -> _EncodedTests:
        """The tests as bytes; those of the last tasks are remembered, since groups share a task."""
        known = self._encoded.get(id(tests))
        if known is None:
            chosen, subset = choose_subset(tests, self._max_tests)
            known = _EncodedTests(tests, pickle.dumps(chosen.model_dump()), subset)
            self._encoded[id(tests)] = known
            while len(self._encoded) > _REMEMBERED_TESTS:
                self._encoded.popitem(last=False)
        return known

    def _job(self, source: str) -> bytes:
        """The rest of the examiner's orders; a source that is too long is not sent at all."""
        orders: dict[str, object] = {
            "allow_unproven": self._allow_unproven,
            "compile_seconds": self._limits.compile_seconds,
        }
        if len(source) <= self._limits.source:
            orders["source"] = source
        else:
            orders["refusal"] = f"the source has {len(source)} characters; the limit is {self._limits.source}"
        return pickle.dumps(orders)


def _check_positive(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{name} is {value!r}; it must be at least 1, or None for the default")


def _is_compiled(tests: Tests) -> bool:
    return isinstance(tests, StdioTests) and tests.language is Language.CPP
