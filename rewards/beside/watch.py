"""Follows one test that runs beside the submission, and decides on the trusted side whether it passed.

Every assertion that the test's own code passes exactly once must be told once, in order, and what is compared
outside must hold. The submission can send anything: to send what holds it has to know what the tests expect,
which is not in its process. Where no such comparison exists, a test is *unproven*: a submission that knows
this protocol could pretend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..conversation.candidate_error import Failure, failure_of
from ..test_code.test_names import TestNames
from ..verdict import Outcome
from .program import BesideProgram, Site
from .values import CLASS, LIBRARY, OTHER, OWN

_MAX_REACHED = 100_000


class BesideWatch:
    """What is known of one test."""

    def __init__(self, program: BesideProgram, test: str, names: TestNames, run: int = 0) -> None:
        """Expects a test.

        Args:
            program: The rewritten test code.
            test: The function or `Class.method` that runs.
            names: What the tests say about the submission's names.
            run: Which run of a parametrized test it is.
        """
        rows = program.rows.get(test, [])
        self._row = rows[run] if run < len(rows) else {}
        self.failure: Failure | None = None
        self.proofs = 0
        """Comparisons with what could not be guessed at once that held outside."""
        self._sites = program.sites
        self._names = names
        self._due = [site.number for site in program.sites if site.required and site.test == test]
        self._own = frozenset(self._due)
        self._reached = 0
        self._opened: int | None = None

    def hear(self, question: dict[str, Any]) -> Any:
        """Takes what the process tells; raises what the test is to see.

        Raises:
            AssertionError: If the test has failed.
        """
        site = self._site(question["target"])
        what, args = question["ask"], question["args"]
        if what == "reach" and site.comparison is None:
            self._pass(site)
        elif what == "site" and site.comparison is not None and len(args) == site.operands:
            self._compare(site, args)
        elif what == "opaque" and site.comparison is not None and self._opened is None:
            return self._open(site, *args)
        elif what == "held" and self._opened == site.number:
            self._opened = None
            if args[0] is not True:
                self._fail(Failure(Outcome.WRONG_ANSWER, "the comparison did not hold"))
            self._pass(site)
        else:
            self._fail(Failure(Outcome.RUNTIME_ERROR, "the test told what its code does not say"))
        return None

    def missing(self) -> str:
        """Why the end of the test is not proven; empty if it is."""
        if self._opened is not None or self._due:
            return "the test ended before all its assertions were passed"
        return ""

    def _site(self, number: Any) -> Site:
        if type(number) is not int or not 0 <= number < len(self._sites) or self._reached > _MAX_REACHED:
            self._fail(Failure(Outcome.RUNTIME_ERROR, "the test told of an assertion that does not exist"))
        site: Site = self._sites[number]
        return site

    def _compare(self, site: Site, values: Sequence[Any]) -> None:
        try:
            if not site.holds(values, self._row):
                raise AssertionError(f"{site.text(self._row)} does not hold for {repr(values[0])[:200]}")
        except Exception as error:  # noqa: BLE001 - a comparison of values raises anything: an outcome
            self._fail(failure_of(error))
        self.proofs += site.weighty
        self._pass(site)

    def _open(self, site: Site, kinds: Any) -> str:
        """Gives a comparison away where a value cannot be sent, but not to what may equal everything."""
        for found in kinds:
            for kind, name in found:
                is_named = kind == OWN and site.operands == 2 and name in self._names.classes
                is_harmless = kind in (LIBRARY, CLASS) or (kind == OTHER and site.operands == 2)
                if not (is_named or is_harmless):
                    message = f"an object of {str(name)[:100]!r} is no value to compare with"
                    self._fail(Failure(Outcome.WRONG_ANSWER, message))
        self._opened = site.number
        return site.text(self._row)

    def _pass(self, site: Site) -> None:
        self._reached += 1
        if site.number in self._due:
            if self._due[0] != site.number:
                self._fail(Failure(Outcome.RUNTIME_ERROR, "assertions were told in another order"))
            del self._due[0]
        elif site.number in self._own:
            self._fail(Failure(Outcome.RUNTIME_ERROR, "an assertion was told twice"))

    def _fail(self, failure: Failure) -> None:
        self.failure = self.failure or failure
        raise AssertionError(self.failure.message)
