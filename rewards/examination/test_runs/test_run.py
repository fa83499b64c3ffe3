"""How one kind of tests is run on one submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..examination import Examination


class TestRun(Protocol):
    """The tests of one task; made before the submission is known to any process.

    It may be run many times. Making one runs nothing of the tests; it raises `BrokenTestsError` where the
    tests cannot be used.
    """

    @property
    def count(self) -> int:
        """How many tests there are, as far as their source tells; at least one."""
        ...

    @property
    def brings_code(self) -> bool:
        """Whether `run` runs programs of the tests that may do anything to their interpreter.

        If not, it may happen in a process that examines other submissions afterwards.
        """
        ...

    def run(self, examination: Examination) -> None:
        """Runs all tests and records an outcome for each, in any order.

        What is not recorded when it returns was not run. A kind that learns its tests only from the
        submission says so by `examination.announce` before the first outcome.

        Raises:
            SubmissionEndedError: If the submission as a whole is at its end.
            BrokenTestsError: If the tests prove to be broken.
        """
        ...
