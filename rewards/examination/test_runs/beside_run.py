"""Tests that run beside the submission: each in a fresh process, watched from the trusted side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...beside.program import BesideProgram
from ...beside.watch import BesideWatch
from ...conversation.candidate_error import Failure, SubmissionEndedError, failure_of
from ...test_code.test_names import TestNames
from ...verdict import Outcome

if TYPE_CHECKING:
    from ..examination import Examination

_UNPROVEN = "no assertion of this test can be proven from outside"


@dataclass(frozen=True, slots=True)
class BesideTest:
    """One test of a program."""

    name: str
    """The function or `Class.method`."""
    program: BesideProgram
    job: dict[str, Any]
    """What the process gets beside the source; see `beside.service`."""
    address: str = ""
    """How the runner finds the test, if not by its name."""
    run: int = 0
    """Which run of a parametrized test it is."""


@dataclass(frozen=True, slots=True)
class BesideRun:
    """Runs tests one by one."""

    tests: Sequence[BesideTest]
    names: TestNames
    module: str
    preamble: str
    entry_point: str = ""

    def run(self, examination: Examination) -> None:
        """Runs all tests, each in a process of its own."""
        for number, test in enumerate(self.tests):
            self._run_one(examination, number, test)

    def _run_one(self, examination: Examination, number: int, test: BesideTest) -> None:
        start = time.monotonic()
        watch = BesideWatch(test.program, test.name, self.names, test.run)
        try:
            failure = examination.load_beside(self.entry_point, self.preamble, self.module, watch)
            failure = failure or _verdict(examination, test, watch)
        except SubmissionEndedError:
            failure = examination.ended
        except BaseException as error:  # noqa: BLE001 - whatever happens in a test is its outcome
            failure = watch.failure or failure_of(error)
        note = "" if failure is not None or watch.proofs else _UNPROVEN
        if note and not examination.allow_unproven:
            failure, note = Failure(Outcome.NOT_RUN, note), ""
        seconds = time.monotonic() - start
        if not examination.finish_beside(number, failure, seconds, note):
            raise SubmissionEndedError


def _verdict(examination: Examination, test: BesideTest, watch: BesideWatch) -> Failure | None:
    job = {**test.job, "source": test.program.source, "test": test.address or test.name}
    told = examination.session.do("beside", job)
    if watch.failure is not None:
        return watch.failure
    if type(told) is not dict or set(told) != {"failed", "skipped"}:
        return Failure(Outcome.RUNTIME_ERROR, "the test did not come to its end")
    failed = told["failed"]
    if failed is not None:
        kind, text, is_assertion = failed
        outcome = Outcome.WRONG_ANSWER if is_assertion else Outcome.RUNTIME_ERROR
        outcome = Outcome.MEMORY if kind == "MemoryError" else outcome
        return Failure(outcome, f"{kind}: {text}" if text else str(kind))
    missing = watch.missing()
    if told["skipped"] or missing:
        return Failure(Outcome.NOT_RUN, missing or "the test was skipped")
    return None
