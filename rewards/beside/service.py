"""Runs one test beside the submission, in its process; see `program` for what is told of it.

What the tests use is put back as it was before the submission was loaded, so that what it did to `unittest`
or to built-in functions on its way in is gone. What it does during a test is not undone.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import types
import unittest
import unittest.case
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..conversation.codec import CodecError, encode
from .names import CASE, PROVE, REACH, TEST_MODULE
from .values import kinds_of, without_subclasses

Ask = Callable[..., Any]
_MESSAGE_LIMIT = 500
_KEPT = (builtins, unittest, unittest.case, unittest.TestCase, unittest.TestResult, unittest.TestSuite)
PYTEST_OPTIONS = (
    *("-q", "--assert=plain", "--noconftest", "--import-mode=importlib", "--tb=native", "--capture=sys"),
    *("-c", os.devnull, "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:pastebin"),
    *("-p", "no:doctest", "-p", "no:faulthandler", "-p", "no:setuponly", "-p", "no:stepwise"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:debugging"),
)


class Beside:
    """Runs tests in a process that loads a submission."""

    def __init__(self) -> None:
        """Remembers the state of things; to be made before the submission is loaded."""
        self._kept = [(owner, dict(vars(owner))) for owner in _KEPT]
        self._encode, self._refusal = encode, CodecError

    def run(self, module: types.ModuleType, ask: Ask, job: dict[str, Any]) -> dict[str, Any]:
        """Runs one test.

        Args:
            module: The submission's module.
            ask: Tells the examiner something and waits for its answer.
            job: `kind`, `source`, `test`, `shared` (whether test code shares the submission's names) and
                `setup` or `entry_point`, by kind.

        Returns:
            `failed`: None, or the type, the message and whether it is an assertion; `skipped`.
        """
        self._put_back()
        names = {PROVE: self._prover(module, ask), REACH: _reacher(ask), CASE: unittest.TestCase()}
        if job["kind"] == "pytest":
            return _run_pytest(job["source"], job["test"], names)
        tests = module if job["shared"] else types.ModuleType(TEST_MODULE)
        sys.modules.setdefault(TEST_MODULE, tests)
        tests.__dict__.update(names)
        try:
            exec(compile(job["source"], "tests.py", "exec", dont_inherit=True), tests.__dict__)
            if job["kind"] == "check":
                tests.__dict__["check"](eval(job["entry_point"], module.__dict__))
            elif job["kind"] == "unittest":
                return _run_method(tests, job["test"])
        except BaseException as error:  # noqa: BLE001 - whatever a test raises is its outcome
            return _outcome(error)
        return _outcome(None)

    def _put_back(self) -> None:
        for owner, members in self._kept:
            for name, value in members.items():
                if vars(owner).get(name) is not value:
                    with contextlib.suppress(AttributeError, TypeError):
                        setattr(owner, name, value)

    def _prover(self, module: types.ModuleType, ask: Ask) -> Callable[..., None]:
        plain, refusal = self._encode, self._refusal

        def prove(site: int, *values: Any) -> None:
            contents = values
            try:
                plain(values)
            except refusal:
                contents = tuple(map(without_subclasses, values))
            try:
                plain(contents)
            except refusal:
                kinds = [[list(found) for found in kinds_of(value, module)][:9] for value in values]
                comparison = ask("opaque", site, (kinds,), {})
                operands = dict(zip(("value", "other"), values, strict=False))
                names = {CASE: unittest.TestCase(), **_approx(), **operands}
                held = bool(eval(comparison, names)) or CASE in comparison
                ask("held", site, (held,), {})
            else:
                ask("site", site, contents, {})

        return prove


def _approx() -> dict[str, Any]:
    pytest = sys.modules.get("pytest")
    return {} if pytest is None else {"pytest": pytest, "approx": pytest.approx}


def _reacher(ask: Ask) -> Callable[[int], None]:
    def reach(site: int) -> None:
        ask("reach", site, (), {})

    return reach


def _outcome(error: BaseException | None, *, skipped: bool = False) -> dict[str, Any]:
    if error is None:
        return {"failed": None, "skipped": skipped}
    text = ""
    with contextlib.suppress(BaseException):
        text = str.__str__(str(error))[:_MESSAGE_LIMIT]
    failed = [type(error).__name__, text, isinstance(error, AssertionError)]
    return {"failed": failed, "skipped": skipped or isinstance(error, unittest.SkipTest)}


def _run_method(tests: types.ModuleType, test: str) -> dict[str, Any]:
    name, _, method = test.partition(".")
    result = _Result()
    unittest.TestSuite([tests.__dict__[name](method)]).run(result)
    return _outcome(result.error, skipped=result.was_skipped or not result.was_run)


class _Result(unittest.TestResult):
    """Keeps the first thing that went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.was_skipped = False
        self.was_run = False

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.was_run = True

    def addError(self, test: Any, err: Any) -> None:
        self.error = self.error or err[1]

    addFailure = addError

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        self.error = self.error or (err[1] if err else None)

    def addSkip(self, test: Any, reason: str) -> None:
        self.was_skipped = True

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self.was_skipped = True

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.error = AssertionError("the test was expected to fail")


def _run_pytest(source: str, test: str, names: dict[str, Any]) -> dict[str, Any]:
    import pytest

    plugin = _Plugin()
    import tempfile  # not loaded where nothing needs it: every fork would pay for it

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / f"{TEST_MODULE}.py"
        file.write_text(source, "utf-8", newline="")
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        vars(builtins).update(names)
        places = [f"--rootdir={folder}", f"--confcutdir={folder}", f"--basetemp={folder}/temporary"]
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            pytest.main([*PYTEST_OPTIONS, *places, f"{file}::{test}"], plugins=[plugin])
    return _outcome(plugin.error, skipped=plugin.phases != {"setup", "call", "teardown"})


class _Plugin:
    """Keeps what pytest says of its one test."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.phases: set[str] = set()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A phase has passed."""
        if report.passed and not hasattr(report, "wasxfail"):
            self.phases.add(report.when)

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """Something raised."""
        if call.excinfo is not None:
            self.error = self.error or call.excinfo.value
