"""A `check(candidate)` program, run in the examiner; the candidate is a function that asks its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..candidate_session import SubmissionEndedError
from ..check_program import CheckProgram
from ..tests import CheckTests

if TYPE_CHECKING:
    from ..examination import Examination


class CheckRun:
    """Runs `CheckTests`."""

    def __init__(self, tests: CheckTests) -> None:
        self._tests = tests
        self._program = CheckProgram.parse(tests.source, tests.context)

    @property
    def count(self) -> int:
        """One test for each assertion that can be told apart."""
        return self._program.tests

    def run(self, examination: Examination) -> None:
        """Runs `check`; see `TestRun`."""
        entry_point = self._tests.entry_point
        if not examination.load(entry_point):
            return

        def candidate(*args: object, **kwargs: object) -> object:
            return examination.session.call(entry_point, args, kwargs)

        check = self._program.load(examination.guard, {entry_point: candidate})
        try:
            check(candidate)
        except SubmissionEndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - test programs raise anything: an outcome
            examination.stopped_by(error)
