"""A unittest module, run in the examiner; each test method is one test."""

from __future__ import annotations

import ast
import sys
import time
import types
import unittest
from typing import TYPE_CHECKING, Any

from ...beside.names import TEST_MODULE
from ...beside.program import BesideProgram
from ...conversation.candidate_error import Failure, SubmissionEndedError, failure_of
from ...test_code.broken_tests_error import BrokenTestsError
from ...test_code.placement_rules import place
from ...test_code.skipped_tests import skipped_tests
from ...test_code.submission_names import SubmissionModule, used_names
from ...test_code.test_names import TestNames
from ...tests import UnittestTests
from ...verdict import Outcome, Placement
from .beside_run import BesideRun, BesideTest

if TYPE_CHECKING:
    from ..examination import Examination

_DEFAULT_MODULE = "solution"


class UnittestRun:
    """Runs `UnittestTests`."""

    def __init__(self, tests: UnittestTests) -> None:
        self._tests = tests
        try:
            self._tree = ast.parse(tests.source)
            self._code = compile(self._tree, "test_solution.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise BrokenTestsError(f"the test module does not compile: {error}") from error
        self._skipped = skipped_tests(self._tree)
        self._methods = [name for name in _methods(self._tree) if not _with_class(name) & self._skipped]
        if not self._methods:
            raise BrokenTestsError("the test module has no test methods")
        self._placement, _ = place(self._tree, tests.placement, tests.module)

    @property
    def count(self) -> int:
        """One test for each method, as far as the source tells."""
        return len(self._methods)

    @property
    def brings_code(self) -> bool:
        """Always."""
        return True

    def run(self, examination: Examination) -> None:
        """Loads the test module and runs its tests; see `TestRun`."""
        name = self._tests.module or _DEFAULT_MODULE
        names = TestNames.read(self._tree, by_convention=True)
        if self._placement is Placement.BESIDE:
            self._run_beside(examination, name, names)
            return
        if not examination.load(preamble=self._tests.preamble, module=name, names=names):
            return
        module = types.ModuleType(TEST_MODULE)
        submission = SubmissionModule(name, examination.session, used_names(self._tree))
        sys.modules[name], sys.modules[TEST_MODULE] = submission, module
        if self._tests.module is None:
            module.__dict__.update({known: getattr(submission, known) for known in submission.__all__})
        try:
            exec(self._code, module.__dict__)
        except SubmissionEndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - what a test module raises is an outcome
            examination.stopped_by(error)
            return
        cases = [
            case
            for case in _flat(unittest.defaultTestLoader.loadTestsFromModule(module))
            if not _with_class(_name(case)) & self._skipped
        ]
        if not cases:
            raise BrokenTestsError("the test module defines no tests")
        examination.announce(tuple(_name(case) for case in cases))
        unittest.TestSuite(cases).run(_Result(examination, cases))
        if examination.ended is not None:
            raise SubmissionEndedError

    def _run_beside(self, examination: Examination, module: str, names: TestNames) -> None:
        program = BesideProgram.rewrite(self._tree)
        job = {"kind": "unittest", "shared": self._tests.module is None}
        examination.announce(tuple(self._methods))
        tests = [BesideTest(name, program, job) for name in self._methods]
        BesideRun(tests, names, module, self._tests.preamble).run(examination)


def _methods(tree: ast.Module) -> list[str]:
    """The test methods of all classes, with those of base classes in the same module."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = []
    for name, node in classes.items():
        methods: set[str] = set()
        waiting = [node]
        seen: set[str] = set()
        while waiting:
            node = waiting.pop()
            seen.add(node.name)
            methods |= {
                member.name
                for member in node.body
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef)
                and member.name.startswith("test")
            }
            bases = [
                classes[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in classes
            ]
            waiting += [base for base in bases if base.name not in seen]
        found += [f"{name}.{method}" for method in sorted(methods)]
    return found


def _with_class(name: str) -> set[str]:
    return {name, name.partition(".")[0]}


def _flat(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    found: list[unittest.TestCase] = []
    for part in suite:
        found += _flat(part) if isinstance(part, unittest.TestSuite) else [part]
    return found


def _name(case: unittest.TestCase) -> str:
    return f"{type(case).__name__}.{case._testMethodName}"


class _Result(unittest.TestResult):
    """Tells each outcome as soon as it is known."""

    def __init__(self, examination: Examination, cases: list[unittest.TestCase]) -> None:
        super().__init__()
        self._examination = examination
        self._numbers = {id(case): number for number, case in enumerate(cases)}
        self._failure: Failure | None = None
        self._ended_well = False
        self._start = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._failure, self._ended_well, self._start = None, False, time.monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        failure = self._failure
        if failure is None and not self._ended_well:
            failure = Failure(Outcome.NOT_RUN, "the test did not come to its end")
        number = self._numbers[id(test)]
        if not self._examination.finish(number, failure, time.monotonic() - self._start):
            self.stop()

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._ended_well = True

    def addError(self, test: Any, err: Any) -> None:
        self._fail(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._fail(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._fail(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._failure = self._failure or Failure(Outcome.NOT_RUN, f"skipped: {reason}")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._failure = self._failure or Failure(Outcome.WRONG_ANSWER, "an expected failure is no pass")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._failure = self._failure or Failure(Outcome.WRONG_ANSWER, "the test was expected to fail")

    def _fail(self, test: Any, err: Any) -> None:
        if id(test) in self._numbers:
            self._failure = self._failure or failure_of(err[1])
        else:
            # A fixture of a class or module failed: the tests that need it do not run.
            self._examination.stopped_by(err[1])
