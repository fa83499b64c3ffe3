"""Whole programs: each test is a new process that reads one file and writes another, compared afterwards."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING

from ...comparison import SpecialJudge
from ...comparisons.text_comparison import CheckerError, texts_match
from ...conversation.candidate_error import Failure, SubmissionEndedError
from ...test_code.broken_tests_error import BrokenTestsError
from ...tests import StdioCase, StdioTests
from ...verdict import Outcome
from ..candidate_source import ProgramEnd

if TYPE_CHECKING:
    from ..examination import Examination

_SHOWN = 200
_OUT_OF_MEMORY = ("MemoryError", "std::bad_alloc", "Cannot allocate memory")
_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
_CPU_TIME_SIGNAL, _FILE_SIZE_SIGNAL = 24, 25


class StdioRun:
    """Runs `StdioTests`."""

    def __init__(self, tests: StdioTests) -> None:
        self._tests = tests
        if isinstance(tests.comparison, SpecialJudge):
            _import(tests.comparison.modules)

    @property
    def count(self) -> int:
        """One test for each input."""
        return len(self._tests.cases)

    @property
    def brings_code(self) -> bool:
        """A checker is a program."""
        return isinstance(self._tests.comparison, SpecialJudge)

    def run(self, examination: Examination) -> None:
        """Runs the program once for each test; see `TestRun`."""
        candidates, most = examination.candidates, self._tests.seconds_per_case or math.inf
        with examination.clock_stopped():
            refusal = candidates.compile(examination.source, self._tests.language)
        for number, case in enumerate(self._tests.cases):
            if refusal is not None:
                examination.record(number, _refused(refusal))
                continue
            left = examination.seconds_left
            with examination.undisturbed():
                end = candidates.run(_encoded(case.stdin), min(left, most))
            if end.code is None and left <= most:
                examination.time_is_up()
            if not examination.finish(number, self._failure(end, case), end.seconds, end.peak_memory):
                raise SubmissionEndedError
            refusal = end if end.refused else None

    def _failure(self, end: ProgramEnd, case: StdioCase) -> Failure | None:
        if end.refused:
            return _refused(end)
        if end.flooded:
            return Failure(Outcome.OUTPUT_LIMIT, f"the program wrote more than {len(end.output)} bytes")
        if end.code is None or end.code == -_CPU_TIME_SIGNAL:
            return Failure(Outcome.TIMEOUT, "the time limit was reached")
        if end.code != 0:
            return _crash(end)
        output = end.output.decode("utf-8", "surrogateescape")
        try:
            if texts_match(self._tests.comparison, case.stdin, output, case.expected):
                return None
        except CheckerError as error:
            raise BrokenTestsError(str(error)) from error
        except MemoryError:
            return Failure(Outcome.MEMORY, "the output was too large to be checked")
        return Failure(Outcome.WRONG_ANSWER, f"expected {_short(case.expected)}, got {_short(output)}")


def _import(modules: tuple[str, ...]) -> None:
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise BrokenTestsError(f"the checker needs the module {name!r}: {error}") from error


def _refused(end: ProgramEnd) -> Failure:
    if end.code is None:
        return Failure(Outcome.SYNTAX_ERROR, "the compiler took too long")
    lines = end.errors.decode("utf-8", "replace").strip().splitlines()
    return Failure(Outcome.SYNTAX_ERROR, "\n".join(lines[-8:]))


def _crash(end: ProgramEnd) -> Failure:
    lines = end.errors.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else ""
    if any(sign in line for line in lines[-3:] for sign in _OUT_OF_MEMORY):
        return Failure(Outcome.MEMORY, last)
    assert end.code is not None
    if end.code == -_FILE_SIZE_SIGNAL:
        return Failure(Outcome.OUTPUT_LIMIT, "the program wrote a file that is too large")
    if end.code < 0:
        name = _SIGNALS.get(-end.code, f"signal {-end.code}")
        return Failure(Outcome.RUNTIME_ERROR, f"killed by {name}: {last}" if last else f"killed by {name}")
    return Failure(Outcome.RUNTIME_ERROR, last or f"exit code {end.code}")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
