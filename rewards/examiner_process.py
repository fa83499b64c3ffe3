"""The trusted process that holds the tests, asks the candidate's process and reports every outcome.

To the host it says, in this order: how many tests there are, every outcome, and that the end was reached. A
verdict without that last word is none. The only thing that it takes from the candidate is data (see `codec`).
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .candidate_session import CandidateError, CandidateSession, Failure, SubmissionEndedError
from .check_program import CheckProgram, CheckProgramError
from .confinement import die_with_parent, hide_memory
from .exact_equality import exactly_equal
from .frames import receive_frame, send_frame
from .verdict import Outcome

_MESSAGE_LIMIT = 500
_ALARM_REPEAT = 0.2
_TIMEOUT = Failure(Outcome.TIMEOUT, "the time limit was reached")


def main(argument: dict[str, Any]) -> None:
    """Examines one submission.

    Args:
        argument: `host_fd` and `candidate_fd` (sockets), `memory` (bytes).
    """
    hide_memory()
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (argument["memory"], argument["memory"]))
    host = socket.socket(fileno=argument["host_fd"])
    candidate = socket.socket(fileno=argument["candidate_fd"])
    job = receive_frame(host)
    try:
        examiner = _Examiner(host, CandidateSession(candidate), job)
    except CheckProgramError as error:
        send_frame(host, {"fault": str(error)[:_MESSAGE_LIMIT]})
        return
    if receive_frame(candidate) != {"ready": True}:
        raise RuntimeError("the candidate's process did not start")
    try:
        examiner.run()
    except CheckProgramError as error:
        send_frame(host, {"fault": str(error)[:_MESSAGE_LIMIT]})
        return
    send_frame(host, {"end": True})
    os._exit(0)


class _Examiner:
    """One examination."""

    def __init__(self, host: socket.socket, session: CandidateSession, job: dict[str, Any]) -> None:
        self._host = host
        self._session = session
        self._job = job
        self._tests = job["tests"]
        self._program: CheckProgram | None = None
        if self._tests["kind"] == "check":
            self._program = CheckProgram.parse(self._tests["source"], self._tests["context"])
        self._count = self._program.tests if self._program else len(self._tests["cases"])
        self._recorded: set[int] = set()
        self._interruptible = False
        self._end_recorded = False

    def run(self) -> None:
        """Runs every test and reports each outcome once the candidate is loaded."""
        send_frame(self._host, {"tests": self._count})
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.setitimer(signal.ITIMER_REAL, self._job["time_limit"], _ALARM_REPEAT)
        stopped: Failure | None = None
        self._interruptible = True
        try:
            failure = self._load()
            if failure is not None:
                self._interruptible = False
                for number in range(self._count):
                    self._record(number, failure, 0.0)
            elif self._program is not None:
                stopped = self._run_check(self._program)
            else:
                self._run_cases()
        except SubmissionEndedError:
            stopped = self._session.ended
        self._interruptible = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._record_rest(stopped)

    def _load(self) -> Failure | None:
        if "refusal" in self._job:
            return Failure(Outcome.SYNTAX_ERROR, self._job["refusal"])
        return self._session.load(self._job["source"], self._tests["entry_point"])

    def _run_cases(self) -> None:
        for number, case in enumerate(self._tests["cases"]):
            with self._guard(number):
                value = self._session.call(self._tests["entry_point"], tuple(case["arguments"]), {})
                if not exactly_equal(case["expected"], value):
                    raise AssertionError(f"expected {_short(case['expected'])}, got {_short(value)}")

    def _run_check(self, program: CheckProgram) -> Failure | None:
        """Returns why `check` itself stopped, outside of its tests, if it did."""

        def candidate(*args: object, **kwargs: object) -> object:
            return self._session.call(self._tests["entry_point"], args, kwargs)

        check = program.load(self._guard, {self._tests["entry_point"]: candidate})
        try:
            check(candidate)
        except SubmissionEndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - test programs raise anything: an outcome
            return _failure_of(error)
        return None

    @contextmanager
    def _guard(self, number: int) -> Iterator[None]:
        """Turns whatever happens in one test into its outcome."""
        failure: Failure | None = None
        start = time.monotonic()
        try:
            yield
        except SubmissionEndedError:
            pass
        except BaseException as error:  # noqa: BLE001 - test programs raise anything: an outcome
            failure = _failure_of(error)
        self._interruptible = False
        failure = self._session.ended or failure
        self._record(number, failure, time.monotonic() - start)
        self._interruptible = True
        if self._session.ended is not None:
            self._end_recorded = True
            raise SubmissionEndedError

    def _on_alarm(self, *_: object) -> None:
        ended = self._session.end(_TIMEOUT.outcome, _TIMEOUT.message)
        if self._interruptible:
            raise ended

    def _record(self, number: int, failure: Failure | None, seconds: float) -> None:
        self._recorded.add(number)
        outcome, message = (failure.outcome, failure.message) if failure else (Outcome.PASSED, "")
        message = message[:_MESSAGE_LIMIT]
        send_frame(
            self._host, {"test": number, "outcome": str(outcome), "message": message, "seconds": seconds}
        )

    def _record_rest(self, stopped: Failure | None) -> None:
        """The test that was reached gets the reason, those behind it were not run."""
        behind = Failure(Outcome.NOT_RUN, "an earlier failure ended the examination")
        missing = [number for number in range(self._count) if number not in self._recorded]
        if not missing and stopped is not None and not self._end_recorded:
            # What follows the last test in `check` failed: the submission must not pass.
            missing = [self._count - 1]
        reason = stopped or Failure(Outcome.NOT_RUN, "the test program did not reach this test")
        if self._end_recorded:
            reason = behind
        for number in missing:
            self._record(number, reason, 0.0)
            reason = behind


def _failure_of(error: BaseException) -> Failure:
    if isinstance(error, CandidateError):
        return error.failure
    if isinstance(error, MemoryError):
        return Failure(Outcome.MEMORY, "the answer was too large to be checked")
    text = _text_of(error)
    if isinstance(error, AssertionError):
        return Failure(Outcome.WRONG_ANSWER, text)
    return Failure(Outcome.WRONG_ANSWER, f"the check of the answer raised {type(error).__name__}: {text}")


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE_LIMIT]
    except (ValueError, MemoryError, RecursionError):
        return ""


def _short(value: object) -> str:
    try:
        return repr(value)[:200]
    except (ValueError, MemoryError):
        return "a value too large to show"
