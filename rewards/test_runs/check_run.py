"""A `check(candidate)` program, run in the examiner; the candidate is a function that asks its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..candidate_error import SubmissionEndedError
from ..check_program import CheckProgram
from ..foreign_objects import TEST_MODULE
from ..remote_classes import returned
from ..test_names import TestNames
from ..tests import CheckTests

if TYPE_CHECKING:
    from ..examination import Examination


class CheckRun:
    """Runs `CheckTests`."""

    def __init__(self, tests: CheckTests) -> None:
        self._tests = tests
        self._program = CheckProgram.parse(tests.source, f"{tests.preamble}\n{tests.context}")

    @property
    def count(self) -> int:
        """One test for each assertion that can be told apart."""
        return self._program.tests

    def run(self, examination: Examination) -> None:
        """Runs `check`; see `TestRun`."""
        entry_point = self._tests.entry_point
        names = TestNames.read(self._program.tree, by_convention=False)
        shared = _classes_of(self._program.context()) if self._tests.preamble else {}
        if not examination.load(entry_point, preamble=self._tests.preamble, names=names, data_classes=shared):
            return

        def candidate(*args: object, **kwargs: object) -> object:
            return returned(examination.session.call(entry_point, args, kwargs))

        check = self._program.load(examination.guard, {entry_point: candidate})
        try:
            check(candidate)
        except SubmissionEndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - test programs raise anything: an outcome
            examination.stopped_by(error)


def _classes_of(context: dict[str, Any]) -> dict[str, type]:
    """Classes that the context itself defines, such as `ListNode`."""
    return {
        name: value
        for name, value in context.items()
        if isinstance(value, type) and value.__module__ == TEST_MODULE
    }
