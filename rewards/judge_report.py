"""What came back from the examination of one submission, and the verdict in it."""

from __future__ import annotations

from typing import Any

from .slots.slot import SlotError
from .verdict import BrokenTaskError, Outcome, Placement, TestOutcome, Verdict

_MOST_TESTS = 100_000
_TOO_LATE = "the check of the answer took too long"
_BEHIND = "an earlier failure ended the examination"


def verdict_of(messages: list[dict[str, Any]], seconds: float, subset: tuple[int, ...] | None) -> Verdict:
    """Reads a board.

    Args:
        messages: What the examiner said, and last what the slot says about its end.
        seconds: How long it took.
        subset: Which tests of the task these are.

    Raises:
        BrokenTaskError: If the tests of the task are broken.
        SlotError: If the machine failed.
    """
    *said, state = messages
    end, slot = state.get("end"), state.get("slot")
    if slot not in ("clean", "odd"):
        raise SlotError(str(state.get("reason", "the slot sent garbage")))
    report = _Report()
    for message in said:
        report.add(message)
    if end == "done" and report.complete:
        return Verdict(report.outcomes(), seconds).of_subset(subset)
    if end == "late" and report.announced:
        return Verdict(report.outcomes(cut_off=True), seconds).of_subset(subset)
    raise SlotError(f"the examination was not completed ({end}): {state.get('reason')}")


class _Report:
    def __init__(self) -> None:
        self._outcomes: list[TestOutcome | None] = []
        self._ended = False

    @property
    def announced(self) -> bool:
        """Whether it is known how many tests there are."""
        return bool(self._outcomes)

    @property
    def complete(self) -> bool:
        """Whether the examiner said that it reached the end, and there is an outcome for each test."""
        return self._ended and self.announced and None not in self._outcomes

    def add(self, message: dict[str, Any]) -> None:
        """Takes one message; anything unexpected is a failure of the machine."""
        if "fault" in message:
            raise BrokenTaskError(f"the tests of the task are broken: {message['fault']}")
        try:
            if "tests" in message:
                self._announce(message["tests"])
            elif message.get("end") is True:
                self._ended = True
            else:
                self._outcomes[message["test"]] = _outcome(message)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise SlotError("the examiner sent garbage") from error

    def outcomes(self, *, cut_off: bool = False) -> tuple[TestOutcome, ...]:
        """All outcomes; of a report that was cut off, the first test without one took too long."""
        found = list(self._outcomes)
        if cut_off:
            missing = [number for number, outcome in enumerate(found) if outcome is None]
            outcome, message = Outcome.TIMEOUT, _TOO_LATE
            for number in missing or [len(found) - 1]:
                found[number] = TestOutcome(f"test_{number + 1}", outcome, message)
                outcome, message = Outcome.NOT_RUN, _BEHIND
        return tuple(outcome for outcome in found if outcome is not None)

    def _announce(self, count: object) -> None:
        if type(count) is not int or not 1 <= count <= _MOST_TESTS:
            raise SlotError("the examiner did not say how many tests there are")
        self._outcomes = [None] * count


def _outcome(message: dict[str, Any]) -> TestOutcome:
    return TestOutcome(
        str(message["name"]),
        Outcome(message["outcome"]),
        str(message["message"]),
        float(message["seconds"]),
        message.get("peak_memory"),
        Placement(message["placement"]),
    )
