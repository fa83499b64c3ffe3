"""The examiner's side of the socket to the candidate: one question, one answer to this question.

What ends the submission as a whole (its process died, time is up, it broke the protocol) is kept in `ended`,
so that a test program with a bare `except` cannot swallow it.
"""

from __future__ import annotations

import builtins
import secrets
import select
import socket
from dataclasses import dataclass
from typing import Any

from .codec import CodecError, ValueTooLargeError
from .frames import frame, receive_frame
from .verdict import Outcome

_MESSAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not pass."""

    outcome: Outcome
    message: str


class SubmissionEndedError(BaseException):
    """Nothing more can be asked. Not an `Exception`, so that test programs do not catch it by habit."""


class CandidateError(Exception):
    """The submission raised. The subclasses below are also the built-in type of the same name."""

    failure: Failure


class CandidateSession:
    """Asks the candidate's process."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self.ended: Failure | None = None

    def load(self, source: str, entry_point: str) -> Failure | None:
        """Hands over the source; returns why it cannot be called, if so."""
        answer = self._ask({"source": source, "entry_point": entry_point})
        if answer.get("loaded") is True:
            return None
        error = _parsed_error(answer.get("failure"))
        if error is None:
            raise self._broke_protocol()
        if answer["failure"].get("stage") == "compile":
            return Failure(Outcome.SYNTAX_ERROR, _as_text(error))
        return _as_failure(error)

    def call(self, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        """Calls a function of the submission.

        Raises:
            CandidateError: If the function raised, or its arguments or value cannot cross.
            SubmissionEndedError: If the submission as a whole is at its end.
        """
        nonce = secrets.token_hex(8)
        answer = self._ask({"nonce": nonce, "function": function, "args": args, "kwargs": kwargs})
        if answer.get("nonce") != nonce:
            raise self._broke_protocol()
        if "value" in answer:
            return answer["value"]
        error = _parsed_error(answer.get("error"))
        if error is None:
            raise self._broke_protocol()
        raise _candidate_error(error[0], _as_failure(error))

    def _ask(self, question: dict[str, object]) -> dict[str, Any]:
        if self.ended is not None:
            raise SubmissionEndedError
        try:
            message = frame(question)
        except CodecError as error:
            failure = Failure(Outcome.RUNTIME_ERROR, f"an argument cannot cross: {error}")
            raise _candidate_error("CodecError", failure) from error
        try:
            self._refuse_unasked_answers()
            self._channel.sendall(message)
            answer = receive_frame(self._channel)
        except (EOFError, OSError) as error:
            raise self.end(Outcome.RUNTIME_ERROR, "exited: the submission ended its process") from error
        except CodecError as error:
            too_large = isinstance(error, ValueTooLargeError)
            outcome = Outcome.OUTPUT_LIMIT if too_large else Outcome.RUNTIME_ERROR
            raise self.end(outcome, f"the submission's answer was refused: {error}") from error
        if type(answer) is not dict:
            raise self._broke_protocol()
        return answer

    def _refuse_unasked_answers(self) -> None:
        readable, _, _ = select.select([self._channel], [], [], 0)
        if readable and self._channel.recv(1, socket.MSG_PEEK):
            raise self.end(Outcome.RUNTIME_ERROR, "the submission's process answered before it was asked")

    def end(self, outcome: Outcome, message: str) -> SubmissionEndedError:
        """Notes the first reason for the end and returns what to raise."""
        self.ended = self.ended or Failure(outcome, message)
        return SubmissionEndedError(message)

    def _broke_protocol(self) -> SubmissionEndedError:
        return self.end(Outcome.RUNTIME_ERROR, "the submission's process broke the protocol")


def _parsed_error(error: object) -> tuple[str, str] | None:
    if type(error) is not dict:
        return None
    kind, message = error.get("type"), error.get("message")
    if type(kind) is not str or type(message) is not str:
        return None
    return kind[:100], message[:_MESSAGE_LIMIT]


def _as_failure(error: tuple[str, str]) -> Failure:
    outcome = {"MemoryError": Outcome.MEMORY, "ValueTooLargeError": Outcome.OUTPUT_LIMIT}.get(error[0])
    return Failure(outcome or Outcome.RUNTIME_ERROR, _as_text(error))


def _as_text(error: tuple[str, str]) -> str:
    return f"{error[0]}: {error[1]}" if error[1] else error[0]


def _candidate_error(kind: str, failure: Failure) -> CandidateError:
    base = _EXPECTABLE.get(kind)
    error = CandidateError if base is None else type(kind, (CandidateError, base), {})
    raised: CandidateError = error(failure.message)
    raised.failure = failure
    return raised


_NEEDS_ARGUMENTS = (ExceptionGroup, UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError)
_EXPECTABLE: dict[str, type[Exception]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and kind not in _NEEDS_ARGUMENTS
}
"""What a test program may expect a submission to raise."""
