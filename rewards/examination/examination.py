"""One examination of one submission: it runs tests under the time limit and tells every outcome.

Whatever happens in a test becomes its outcome. Nothing that a test program catches can hide that the
submission as a whole is at its end.
"""

from __future__ import annotations

import math
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..beside.watch import BesideWatch
from ..conversation.answers_ahead import AnswersAhead
from ..conversation.candidate_error import Failure, SubmissionEndedError, failure_of
from ..conversation.candidate_session import CandidateSession
from ..test_code.call_plan import CallPlan
from ..test_code.test_names import TestNames
from ..verdict import Outcome, Placement
from .candidate_source import CandidateSource
from .test_runs.test_run import TestRun

_MESSAGE_LIMIT = 500
_ALARM_REPEAT = 0.2
_COMPARING_SECONDS = 0.5
_TIMEOUT = Failure(Outcome.TIMEOUT, "the time limit was reached")
_BEHIND = Failure(Outcome.NOT_RUN, "an earlier failure ended the examination")
_NOT_REACHED = Failure(Outcome.NOT_RUN, "the test program did not reach this test")

Tell = Callable[[dict[str, object]], None]


class Examination:
    """What a `TestRun` works with."""

    def __init__(
        self,
        source: str,
        candidates: CandidateSource,
        tell: Tell,
        count: int,
        *,
        allow_unproven: bool = True,
    ) -> None:
        """Prepares an examination.

        Args:
            source: The submission.
            candidates: Where its processes come from.
            tell: Takes messages for the host.
            count: How many tests there are, as far as known.
            allow_unproven: Whether a test may pass of which nothing can be proven (see `BesideWatch`).
        """
        self.allow_unproven = allow_unproven
        self.source = source
        self.candidates = candidates
        self._session: CandidateSession | None = None
        self._ahead: AnswersAhead | None = None
        self._testing: int | None = None
        self._tell = tell
        self._count = count
        self._names: tuple[str, ...] = ()
        self._recorded: set[int] = set()
        self._ended: Failure | None = None
        self._stopped: Failure | None = None
        self._end_recorded = False
        self._interruptible = False
        self._deadline = math.inf

    @property
    def seconds_left(self) -> float:
        """Until the time limit; never negative."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def session(self) -> CandidateSession:
        """The conversation with the process into which the submission was loaded."""
        if self._session is None:
            raise RuntimeError("nothing was loaded")
        return self._session

    @property
    def ended(self) -> Failure | None:
        """Why the submission as a whole is at its end, if it is."""
        return self._ended or (self._session.ended if self._session else None)

    def refuse(self, failure: Failure) -> None:
        """Gives every test the same outcome; nothing runs."""
        self._tell({"tests": self._count})
        for number in range(self._count):
            self.record(number, failure)

    def run(self, tests: TestRun, time_limit: float) -> None:
        """Runs every test and tells each outcome.

        Raises:
            BrokenTestsError: If the tests are broken.
        """
        self._tell({"tests": self._count})
        self._deadline = time.monotonic() + time_limit
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.setitimer(signal.ITIMER_REAL, time_limit, _ALARM_REPEAT)
        self._interruptible = True
        try:
            tests.run(self)
        except SubmissionEndedError:
            self._stopped = self.ended
        finally:
            self._interruptible = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            if self._ahead is not None:
                self._ahead.close()
        self._record_rest()

    def load(
        self,
        entry_point: str = "",
        *,
        preamble: str = "",
        module: str = "solution",
        names: TestNames | None = None,
        data_classes: Mapping[str, type] | None = None,
        plan: CallPlan | None = None,
    ) -> bool:
        """Starts a process and hands it the submission; see `CandidateSession`.

        Args:
            entry_point: What it has to define.
            preamble: Source that runs before it.
            module: The name of its module.
            names: What the tests say about its names.
            data_classes: Classes known to both sides whose objects cross by value.
            plan: Calls that may be asked for at once.

        Returns:
            Whether it can be used; if not, all outcomes are recorded.
        """
        self._ahead = AnswersAhead(plan, self._wait_for) if plan is not None and plan.chunks else None
        channel = self.candidates.fresh(None if self._ahead is None else self._ahead.file)
        self._session = CandidateSession(channel, names=names, data_classes=data_classes, ahead=self._ahead)
        try:
            failure = self._session.load(self.source, entry_point, module=module, preamble=preamble)
        except SubmissionEndedError:
            self._blame_machine()
            raise
        if failure is None:
            return True
        self._interruptible = False
        for number in range(self._count):
            self.record(number, failure)
        return False

    def _blame_machine(self) -> None:
        """Raises `OSError` where nothing was answered because the process did not even start."""
        late = self.ended is not None and self.ended.outcome is Outcome.TIMEOUT
        if self._ahead is not None and not late:
            with self.undisturbed():
                if not self.candidates.started():
                    raise OSError("the submission's process did not start")

    def load_beside(self, entry_point: str, preamble: str, module: str, watch: BesideWatch) -> Failure | None:
        """Starts a process for one test that runs beside the submission, and loads the submission there."""
        self._session = CandidateSession(self.candidates.fresh(), hear=watch.hear)
        return self._session.load(self.source, entry_point, module=module, preamble=preamble)

    def finish_beside(self, number: int, failure: Failure | None, seconds: float, note: str) -> bool:
        """Records the outcome of such a test; False when the time for all of them is up."""
        self._interruptible = False
        self.record(number, self._ended or failure, seconds, Placement.BESIDE, note=note)
        self._interruptible = True
        if self._ended is not None:
            self._end_recorded = True
        return self._ended is None

    def announce(self, names: tuple[str, ...]) -> None:
        """Says which tests there are, for kinds that learn it late; before the first outcome."""
        if self._recorded:
            raise RuntimeError("tests were announced after the first outcome")
        self._names, self._count = names, len(names)
        self._tell({"tests": self._count})

    @contextmanager
    def guard(self, number: int) -> Iterator[None]:
        """Turns whatever happens in one test into its outcome."""
        failure: Failure | None = None
        self._testing = number
        start = time.monotonic() + self._time_shift
        try:
            yield
        except SubmissionEndedError:
            pass
        except BaseException as error:  # noqa: BLE001 - test programs raise anything: an outcome
            failure = failure_of(error)
        finally:
            self._testing = None
        if not self.finish(number, failure, max(0.0, time.monotonic() + self._time_shift - start)):
            raise SubmissionEndedError

    def call(self, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        """Calls a function of the submission; see `CandidateSession.call`."""
        return self.session.answer_of(self._testing, function, args, kwargs)

    def finish(
        self, number: int, failure: Failure | None, seconds: float, peak_memory: int | None = None
    ) -> bool:
        """Records the outcome of a test; False when the submission is at its end."""
        self._interruptible = False
        failure = self.ended or failure
        self.record(number, failure, seconds, peak_memory=peak_memory)
        self._interruptible = True
        if self.ended is not None:
            self._end_recorded = True
        return self.ended is None

    def record(
        self,
        number: int,
        failure: Failure | None,
        seconds: float = 0.0,
        placement: Placement = Placement.TRUSTED,
        peak_memory: int | None = None,
        note: str = "",
    ) -> None:
        """Tells one outcome; no failure means that the test passed."""
        self._recorded.add(number)
        outcome, message = (failure.outcome, failure.message) if failure else (Outcome.PASSED, note)
        self._tell(
            {
                "test": number,
                "name": self._names[number] if self._names else f"test_{number + 1}",
                "outcome": str(outcome),
                "message": message[:_MESSAGE_LIMIT],
                "seconds": seconds,
                "placement": str(placement),
                "peak_memory": peak_memory,
            }
        )

    def stopped_by(self, error: BaseException) -> None:
        """Notes that the test program as a whole failed outside of its tests."""
        self._stopped = failure_of(error)

    def end(self, failure: Failure) -> SubmissionEndedError:
        """Notes the first reason why the submission is at its end, and returns what to raise."""
        if self._session is not None:
            self._session.end(failure.outcome, failure.message)
        self._ended = self.ended or failure
        return SubmissionEndedError(failure.message)

    @contextmanager
    def clock_stopped(self) -> Iterator[None]:
        """What is done in here does not count against the time limit; it must have a limit of its own."""
        left = self.seconds_left
        signal.setitimer(signal.ITIMER_REAL, 0)
        yield
        self._deadline = time.monotonic() + left
        signal.setitimer(signal.ITIMER_REAL, max(left, _ALARM_REPEAT / 1000), _ALARM_REPEAT)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """What is done in here is not broken off at the time limit, because it keeps to it by itself."""
        self._interruptible = False
        yield
        self._interruptible = True

    def time_is_up(self) -> SubmissionEndedError:
        """Ends the submission for its time limit, and returns what to raise."""
        return self.end(_TIMEOUT)

    @property
    def _time_shift(self) -> float:
        return 0.0 if self._ahead is None else self._ahead.time_shift

    def _wait_for(self, channel: socket.socket) -> bool:
        """Waits for a message until the time is up; what was answered by then may still be compared."""
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            return bool(poll.poll(math.ceil(1000 * self.seconds_left)))
        finally:
            signal.setitimer(signal.ITIMER_REAL, max(self.seconds_left, _COMPARING_SECONDS), _ALARM_REPEAT)

    def _on_alarm(self, *_: object) -> None:
        ended = self.time_is_up()
        if self._interruptible:
            raise ended

    def _record_rest(self) -> None:
        """The test that was reached gets the reason, those behind it were not run."""
        missing = [number for number in range(self._count) if number not in self._recorded]
        if not missing and self._stopped is not None and not self._end_recorded:
            # What follows the last test failed: the submission must not pass.
            missing = [self._count - 1]
        reason = _BEHIND if self._end_recorded else self._stopped or _NOT_REACHED
        for number in missing:
            self.record(number, reason)
            reason = _BEHIND
