"""A pytest module, run in the examiner by pytest itself; each collected item is one test."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import importlib.util
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...beside.names import PROVE, REACH, TEST_MODULE
from ...beside.program import BesideProgram
from ...beside.service import PYTEST_OPTIONS
from ...beside.strict_approx import make_approx_strict
from ...conversation.candidate_error import Failure, SubmissionEndedError, failure_of
from ...test_code.broken_tests_error import BrokenTestsError
from ...test_code.placement_rules import place
from ...test_code.skipped_tests import skipped_tests
from ...test_code.submission_names import SubmissionModule, used_names
from ...test_code.test_names import TestNames
from ...tests import PytestTests
from ...verdict import Outcome, Placement
from .beside_run import BesideRun, BesideTest

if TYPE_CHECKING:
    import pytest

    from ..examination import Examination


def _preload() -> None:
    """Imports pytest with all its plugins, once for all examiners that are forked from this process."""
    for name in importlib.import_module("_pytest.config").default_plugins:
        importlib.import_module(f"_pytest.{name}")
    make_approx_strict()


class PytestRun:
    """Runs `PytestTests`."""

    def __init__(self, tests: PytestTests) -> None:
        self._tests = tests
        if importlib.util.find_spec("_pytest") is None:
            raise BrokenTestsError(
                "pytest modules are run by pytest, which is not installed: pip install pytest"
            )
        try:
            self._tree = ast.parse(tests.source)
        except (SyntaxError, ValueError) as error:
            raise BrokenTestsError(f"the test module does not compile: {error}") from error
        self._skipped = skipped_tests(self._tree)
        self._count = sum(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test")
            for node in ast.walk(self._tree)
        )
        if not self._count:
            raise BrokenTestsError("the test module has no tests")
        self._placement, _ = place(self._tree, tests.placement, tests.module)
        _preload()

    @property
    def count(self) -> int:
        """One test for each function, as far as the source tells."""
        return self._count

    @property
    def brings_code(self) -> bool:
        """Always."""
        return True

    def run(self, examination: Examination) -> None:
        """Has pytest collect and run the tests; see `TestRun`."""
        tests = self._tests
        names = TestNames.read(self._tree, by_convention=True)
        if not examination.load(preamble=tests.preamble, module=tests.module, names=names):
            return
        wanted = used_names(self._tree)
        sys.modules[tests.module] = SubmissionModule(tests.module, examination.session, wanted)
        recorder = _Recorder(examination, self._skipped)
        program = BesideProgram.rewrite(self._tree) if self._placement is Placement.BESIDE else None
        with tempfile.TemporaryDirectory() as folder:
            if program is None:
                _run_pytest(Path(folder), tests.source, recorder)
            else:
                vars(builtins).update({PROVE: _nothing, REACH: _nothing})
                _run_pytest(Path(folder), program.source, recorder, "--collect-only")
        if examination.ended is not None:
            raise SubmissionEndedError
        if program is not None:
            found = _beside_tests(program, recorder.addresses)
            BesideRun(found, names, tests.module, tests.preamble).run(examination)


def _nothing(*_: object) -> None:
    """Stands for an assertion while tests are only collected."""


def _beside_tests(program: BesideProgram, addresses: list[str]) -> list[BesideTest]:
    """One test for each address; runs of one function are counted."""
    runs: Counter[str] = Counter()
    tests = []
    for address in addresses:
        name = _function(address)
        job = {"kind": "pytest", "shared": False}
        tests.append(BesideTest(name, program, job, address, runs[name]))
        runs[name] += 1
    return tests


def _run_pytest(folder: Path, source: str, recorder: _Recorder, *more: str) -> None:
    import pytest

    file = folder / f"{TEST_MODULE}.py"
    file.write_text(source, "utf-8", newline="")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    places = [f"--rootdir={folder}", f"--confcutdir={folder}", f"--basetemp={folder / 'temporary'}"]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        pytest.main([*PYTEST_OPTIONS, *more, *places, str(file)], plugins=[recorder])


class _Recorder:
    """A plugin that tells each outcome as soon as it is known."""

    def __init__(self, examination: Examination, skipped: frozenset[str]) -> None:
        self._examination = examination
        self._skipped = skipped
        self._numbers: dict[str, int] = {}
        self._failure: Failure | None = None
        self._phases: set[str] = set()
        self._start = 0.0
        self._session: pytest.Session | None = None
        self.addresses: list[str] = []
        """How pytest finds the tests within their file."""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected fails as a whole."""
        if report.failed:
            self._examination.stopped_by(AssertionError(f"the tests cannot be collected: {report.longrepr}"))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leaves out what the tests always skip."""
        items[:] = [item for item in items if not _parts(item.nodeid) & self._skipped]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Says which tests there are."""
        self._session = session
        names = [item.nodeid.partition("::")[2] for item in session.items]
        if names and len(set(names)) == len(names):
            self._numbers = {item.nodeid: number for number, item in enumerate(session.items)}
            self._examination.announce(tuple(names))
            self.addresses = names

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """A test begins."""
        self._failure, self._start = None, time.monotonic()
        self._phases = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test has passed, which is neither a skip nor an expected failure."""
        if report.passed and not hasattr(report, "wasxfail"):
            self._phases.add(report.when or "")

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """A test is over."""
        if nodeid not in self._numbers:
            return
        failure = self._failure
        if failure is None and self._phases != {"setup", "call", "teardown"}:
            failure = Failure(Outcome.NOT_RUN, "the test was skipped or did not come to its end")
        number = self._numbers.pop(nodeid)
        if not self._examination.finish(number, failure, time.monotonic() - self._start):
            self._numbers.clear()
            if self._session is not None:
                self._session.shouldstop = "the submission is at its end"

    def pytest_exception_interact(self, node: Any, call: pytest.CallInfo[Any], report: Any) -> None:
        """Something raised."""
        if call.excinfo is not None:
            self._failure = self._failure or failure_of(call.excinfo.value)


def _parts(nodeid: str) -> set[str]:
    """`Class` and `Class.method`, or the name of a function."""
    name = _function(nodeid.partition("::")[2])
    return {name, name.partition(".")[0]}


def _function(address: str) -> str:
    """The function or `Class.method` at an address."""
    return address.partition("[")[0].replace("::", ".")
