"""Statements over the submission's names, each of them one test, run in the examiner."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...beside.names import TEST_MODULE
from ...beside.program import BesideProgram
from ...conversation.remote_object import returned
from ...test_code.broken_tests_error import BrokenTestsError
from ...test_code.call_plan import CallPlan, binds
from ...test_code.placement_rules import place
from ...test_code.plain_tests import is_plain
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
            self._setup = compile(tests.setup, "<setup>", "exec")
            self._statements = [compile(text, "<test>", "exec") for text in tests.statements]
        except (SyntaxError, ValueError) as error:
            raise BrokenTestsError(f"a test statement does not compile: {error}") from error
        self._placement, _ = place(self._tree, tests.placement)
        self._names = TestNames.read(self._tree, by_convention=False)
        self._is_plain = is_plain(tests, self._tree)
        self._plan = self._planned() if self._is_plain else CallPlan()

    @property
    def count(self) -> int:
        """One test for each statement."""
        return len(self._statements)

    @property
    def brings_code(self) -> bool:
        """Unless the statements are plain."""
        return not self._is_plain

    def run(self, examination: Examination) -> None:
        """Runs the statements; see `TestRun`."""
        tests = self._tests
        if self._placement is Placement.BESIDE:
            self._run_beside(examination, self._names)
            return
        if not examination.load(preamble=tests.preamble, names=self._names, plan=self._plan):
            return
        own = self._names_of_submission(examination)
        for number, statement in enumerate(self._statements):
            with examination.guard(number):
                namespace: dict[str, Any] = {"__name__": TEST_MODULE, **own}
                exec(self._setup, namespace)
                exec(statement, namespace)

    def _names_of_submission(self, examination: Examination) -> dict[str, Any]:
        if self._plan.chunks:
            return {name: _caller(examination, name) for name in self._names.free}
        session = examination.session
        return {name: session.module_attribute(name) for name in session.defined(used_names(self._tree))}

    def _planned(self) -> CallPlan:
        """Every statement calls one function of the submission, and nothing else is asked of it."""
        names = {name: name for name in self._names.free}
        if binds(self._tree, names) or names.keys() != self._names.free & self._names.called:
            return CallPlan()
        bodies = [ast.parse(text).body for text in self._tests.statements]
        if any(len(body) != 1 for body in bodies) or _calls_something(ast.parse(self._tests.setup)):
            return CallPlan()
        plan = CallPlan.of_statements(((number, body[0]) for number, body in enumerate(bodies)), names)
        return plan if sum(map(len, plan.chunks)) == self.count else CallPlan()

    def _run_beside(self, examination: Examination, names: TestNames) -> None:
        tests = []
        for number, statement in enumerate(self._tests.statements):
            tree = ast.parse(f"{self._tests.setup}\n{statement}")
            program = BesideProgram.rewrite(tree, f"test_{number + 1}")
            tests.append(BesideTest(f"test_{number + 1}", program, {"kind": "assert", "shared": True}))
        BesideRun(tests, names, "solution", self._tests.preamble).run(examination)


def _caller(examination: Examination, name: str) -> Callable[..., Any]:
    """A function of the submission."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return returned(examination.call(name, args, kwargs))

    return function


def _calls_something(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))
