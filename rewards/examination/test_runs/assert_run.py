"""Statements over the submission's names, each of them one test, run in the examiner."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ...beside.names import TEST_MODULE
from ...beside.program import BesideProgram
from ...test_code.broken_tests_error import BrokenTestsError
from ...test_code.placement_rules import place
from ...test_code.submission_names import used_names
from ...test_code.test_names import TestNames
from ...tests import AssertTests
from ...verdict import Placement
from .beside_run import BesideRun, BesideTest

if TYPE_CHECKING:
    from ..examination import Examination


class AssertRun:
    """Runs `AssertTests`."""

    def __init__(self, tests: AssertTests) -> None:
        self._tests = tests
        try:
            source = "\n".join([tests.setup, *tests.statements])
            self._tree = ast.parse(source)
            self._statements = [compile(text, "<test>", "exec") for text in tests.statements]
        except (SyntaxError, ValueError) as error:
            raise BrokenTestsError(f"a test statement does not compile: {error}") from error
        self._placement, _ = place(self._tree, tests.placement)

    @property
    def count(self) -> int:
        """One test for each statement."""
        return len(self._statements)

    def run(self, examination: Examination) -> None:
        """Runs the statements; see `TestRun`."""
        tests = self._tests
        names = TestNames.read(self._tree, by_convention=False)
        if self._placement is Placement.BESIDE:
            self._run_beside(examination, names)
            return
        if not examination.load(preamble=tests.preamble, names=names):
            return
        session = examination.session
        own = {name: session.module_attribute(name) for name in session.defined(used_names(self._tree))}
        for number, statement in enumerate(self._statements):
            with examination.guard(number):
                namespace: dict[str, Any] = {"__name__": TEST_MODULE, **own}
                exec(tests.setup, namespace)
                exec(statement, namespace)

    def _run_beside(self, examination: Examination, names: TestNames) -> None:
        tests = []
        for number, statement in enumerate(self._tests.statements):
            tree = ast.parse(f"{self._tests.setup}\n{statement}")
            program = BesideProgram.rewrite(tree, f"test_{number + 1}")
            tests.append(BesideTest(f"test_{number + 1}", program, {"kind": "assert", "shared": True}))
        BesideRun(tests, names, "solution", self._tests.preamble).run(examination)
