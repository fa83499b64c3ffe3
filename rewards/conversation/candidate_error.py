"""What a submission raised, as the examiner's test programs meet it.

They meet the built-in exception itself, or a stand-in of the submission's own class; a mark on the exception
tells that the submission raised it and not the test program.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..verdict import Outcome

_MESSAGE_LIMIT = 500
_MARK = "__replgym_failure__"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not pass."""

    outcome: Outcome
    message: str


class SubmissionEndedError(BaseException):
    """Nothing more can be asked. Not an `Exception`, so that test programs do not catch it by habit."""


class CandidateError(Exception):
    """The submission raised something that cannot be told apart any further."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        mark(self, failure)


def mark(error: BaseException, failure: Failure) -> BaseException:
    """Notes on an exception that the submission raised it."""
    error.__dict__[_MARK] = failure
    return error


def marked_failure(error: BaseException) -> Failure | None:
    """The failure, if the submission raised this exception."""
    found = error.__dict__.get(_MARK)
    return found if type(found) is Failure else None


def failure_from(described: object) -> Failure | None:
    """Reads a candidate's description of an exception; None if it is none."""
    if type(described) is not dict:
        return None
    kind, message = described.get("type"), described.get("message")
    if type(kind) is not str or type(message) is not str:
        return None
    kind, message = kind[:100], message[:_MESSAGE_LIMIT]
    outcome = {"MemoryError": Outcome.MEMORY, "ValueTooLargeError": Outcome.OUTPUT_LIMIT}.get(kind)
    return Failure(outcome or Outcome.RUNTIME_ERROR, f"{kind}: {message}" if message else kind)


def failure_of(error: BaseException) -> Failure:
    """What an exception in a test says about the submission."""
    failure = marked_failure(error)
    if failure is not None:
        return failure
    if isinstance(error, MemoryError):
        return Failure(Outcome.MEMORY, "the answer was too large to be checked")
    text = _text_of(error)
    if isinstance(error, AssertionError):
        return Failure(Outcome.WRONG_ANSWER, text)
    return Failure(Outcome.WRONG_ANSWER, f"the check of the answer raised {type(error).__name__}: {text}")


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE_LIMIT]
    except (ValueError, MemoryError, RecursionError):
        return ""
