"""A `check(candidate)` program, run in the examiner; the candidate is a function that asks its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...beside.names import TEST_MODULE
from ...beside.program import BesideProgram
from ...conversation.candidate_error import SubmissionEndedError
from ...conversation.remote_object import returned
from ...test_code.check_program import CheckProgram, parsed, whole_program
from ...test_code.placement_rules import place
from ...test_code.plain_tests import is_plain
from ...test_code.test_names import TestNames
from ...tests import CheckTests
from ...verdict import Placement
from .beside_run import BesideRun, BesideTest

if TYPE_CHECKING:
    from ..examination import Examination


class CheckRun:
    """Runs `CheckTests`."""

    def __init__(self, tests: CheckTests) -> None:
        self._tests = tests
        tree = parsed(tests.source)
        self._is_plain = is_plain(tests, tree)
        entry_point = tests.entry_point if self._is_plain else ""
        context = f"{tests.preamble}\n{tests.context}"
        self._program = CheckProgram.cut(tree, context, entry_point=entry_point)
        self._placement, _ = place(self._program.tree, tests.placement)
        # A plain program has no way to use a class.
        plain = self._is_plain and self._placement is Placement.TRUSTED
        self._names = TestNames() if plain else TestNames.read(self._program.tree, by_convention=False)

    @property
    def count(self) -> int:
        """One test for each assertion that can be told apart."""
        return self._program.tests if self._placement is Placement.TRUSTED else 1

    @property
    def brings_code(self) -> bool:
        """Unless the program is plain."""
        return not self._is_plain

    def run(self, examination: Examination) -> None:
        """Runs `check`; see `TestRun`."""
        entry_point = self._tests.entry_point
        names = self._names
        if self._placement is Placement.BESIDE:
            job = {"kind": "check", "shared": True, "entry_point": entry_point}
            program = BesideProgram.rewrite(whole_program(self._tests.source, self._tests.context))
            test = BesideTest("check", program, job)
            BesideRun([test], names, "solution", self._tests.preamble, entry_point).run(examination)
            return
        context = self._program.context()
        shared = _classes_of(context) if self._tests.preamble else {}
        if not examination.load(
            entry_point,
            preamble=self._tests.preamble,
            names=names,
            data_classes=shared,
            plan=self._program.plan,
        ):
            return

        def candidate(*args: object, **kwargs: object) -> object:
            return returned(examination.call(entry_point, args, kwargs))

        check = self._program.load(examination.guard, {**context, entry_point: candidate})
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
