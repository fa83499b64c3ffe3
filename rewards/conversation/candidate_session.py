"""The examiner's side of the socket to the candidate: one question, one answer to this question.

What ends the submission as a whole (its process died, time is up, it broke the protocol) is kept in `ended`,
so that a test program with a bare `except` cannot swallow it. In the middle of an operation the candidate may
ask for what it got by reference, such as a function that a test passed.
"""

from __future__ import annotations

import builtins
import contextlib
import marshal
import secrets
import select
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ..test_code.test_names import TestNames
from ..verdict import Outcome
from .answer_file import AHEAD, VALUE
from .answers_ahead import AnswersAhead
from .candidate_error import CandidateError, Failure, SubmissionEndedError, failure_from, mark
from .codec import CodecError, Decoder, Encoder, ValueTooLargeError, decode
from .extended_types import restore
from .foreign_objects import ForeignObjects
from .frames import receive_frame, receive_text, send_text
from .remote_objects import GlobalName, RemoteObjects

_PLAIN_INPUT = builtins.input
_MAX_QUESTIONS = 200
"""How deep questions of both sides may be nested."""


class CandidateSession:
    """Asks the candidate's process."""

    def __init__(
        self,
        channel: socket.socket,
        *,
        names: TestNames | None = None,
        data_classes: Mapping[str, type] | None = None,
        hear: Callable[[dict[str, Any]], Any] | None = None,
        ahead: AnswersAhead | None = None,
    ) -> None:
        """Starts a conversation.

        Args:
            channel: To a process that has announced itself.
            names: What the tests say about the submission's names.
            data_classes: Classes known to both sides whose objects cross by value.
            hear: Takes what is told of a test that runs beside the submission, where there is one.
            ahead: Calls to ask for at once, if there are any.
        """
        self._ahead = ahead
        self._hear = hear
        self.ended: Failure | None = None
        self._channel = channel
        self._foreign = ForeignObjects()
        self._data_classes = dict(data_classes or {})
        self._objects = RemoteObjects(self.do, self._foreign, names or TestNames(), self._data_classes)
        self._depth = 0
        self._standard_input = sys.stdin

    def load(
        self, source: str, entry_point: str = "", *, module: str = "solution", preamble: str = ""
    ) -> Failure | None:
        """Hands over the source; returns why it cannot be used, if so."""
        job: dict[str, object] = {"source": source, "preamble": preamble, "module": module}
        job |= {"entry_point": entry_point, "data_classes": list(self._data_classes)}
        job["beside"] = self._hear is not None
        try:
            answer = self._hand_over(job) if self._ahead is None else self._hand_over_with(self._ahead, job)
        except CodecError as error:
            raise self._refused(error) from error
        if type(answer) is not dict:
            raise self._broke_protocol()
        if answer.get("loaded") is True:
            return None
        failure = failure_from(answer.get("failure"))
        if failure is None:
            raise self._broke_protocol()
        if answer["failure"].get("stage") == "compile":
            return Failure(Outcome.SYNTAX_ERROR, failure.message)
        return failure

    def _hand_over(self, job: dict[str, object]) -> Any:
        try:
            send_text(self._channel, marshal.dumps(job))
            return receive_frame(self._channel)
        except (EOFError, OSError) as error:
            raise self.end(Outcome.RUNTIME_ERROR, "exited: the submission ended its process") from error

    def _hand_over_with(self, ahead: AnswersAhead, job: dict[str, object]) -> Any:
        with contextlib.suppress(OSError):  # told by what is missing
            send_text(self._channel, marshal.dumps({**job, "ahead": ahead.first()}))
        text = ahead.hear_loaded(self._channel)
        if not text:
            raise self._no_answer(ahead)
        return decode(text)

    def answer_of(self, number: int | None, function: str, args: tuple[object, ...], kwargs: Any) -> Any:
        """As `call`, for the call of a test that may have been asked for ahead."""
        ahead = self._ahead
        if ahead is None or number is None or number not in ahead:
            return self.call(function, args, kwargs)
        if self.ended is not None:
            raise SubmissionEndedError
        text = ahead.take(number)
        if text is None and ahead.failure is None:
            self._refuse_unasked_answers()
            with contextlib.suppress(OSError):  # told by what is missing
                send_text(self._channel, AHEAD + ahead.next(number))
            ahead.hear(self._channel)
            text = ahead.take(number)
        if text is None:
            raise self._no_answer(ahead)
        try:
            if text.startswith(VALUE):
                return Decoder(self._objects, []).decode(text[len(VALUE) :])
            answer = self._decoded(text, [])
        except CodecError as error:
            raise self._refused(error) from error
        return self._value_in(answer, steps=False)

    def _no_answer(self, ahead: AnswersAhead) -> SubmissionEndedError:
        failure = ahead.failure
        return self._broke_protocol() if failure is None else self.end(failure.outcome, failure.message)

    def call(self, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        """Calls a function of the submission; an expression such as `Solution().solve` names it.

        Raises:
            CandidateError: If its arguments or value cannot cross.
            SubmissionEndedError: If the submission as a whole is at its end.
            BaseException: What the function raised; `failure_of` tells that the submission did.
        """
        return self.do("call", GlobalName(function), *args, **kwargs)

    def module_attribute(self, name: str) -> Any:
        """A name of the submission's module; raises `AttributeError` if it has none."""
        value = self.do("get", GlobalName(""), name)
        self._objects.note_name(name, value)
        return value

    def set_module_attribute(self, name: str, *value: Any) -> None:
        """Binds a name of the submission's module to a value, or unbinds it when there is none."""
        self.do("set" if value else "del", GlobalName(""), name, *value)

    def defined(self, names: list[str]) -> list[str]:
        """Which of these names the submission's module has."""
        found = self.do("names", GlobalName(""), names)
        if type(found) is not list:
            raise self._broke_protocol()
        return [name for name in names if name in found]

    def do(self, operation: str, /, *args: Any, **kwargs: Any) -> Any:
        """Has one operation done; raises as `call` does."""
        nonce = secrets.token_hex(8)
        request: dict[str, Any] = {"nonce": nonce, "do": operation, "args": args, "kwargs": kwargs}
        if self._is_input_replaced():
            request["input"] = True
        encoder = Encoder(self._objects, numbered=True)
        try:
            text = encoder.encode(request)
        except CodecError as error:
            raise CandidateError(
                Failure(Outcome.RUNTIME_ERROR, f"an argument cannot cross: {error}")
            ) from error
        self._depth += 1
        try:
            answer = self._asked(text, encoder.shared)
        finally:
            self._depth -= 1
        if answer.get("nonce") != nonce:
            raise self._broke_protocol()
        return self._value_in(answer, steps=args[1:2] in (("__next__",), ("__anext__",)))

    def _value_in(self, answer: dict[str, Any], *, steps: bool) -> Any:
        if "value" in answer:
            return answer["value"]
        raise self._raised(answer, steps=steps)

    def _raised(self, answer: dict[str, Any], *, steps: bool) -> BaseException:
        failure = failure_from(answer.get("error"))
        if failure is None:
            raise self._broke_protocol()
        raised = answer.get("raised")
        if isinstance(raised, StopIteration | StopAsyncIteration) and not steps:
            # It would end a loop of the test that is about something else, such as `all(map(...))`.
            return mark(RuntimeError(f"the submission raised {type(raised).__name__}"), failure)
        if isinstance(raised, BaseException):
            return mark(raised, failure)
        return CandidateError(failure)

    def _asked(self, text: bytes, shared: list[Any]) -> dict[str, Any]:
        """Sends a request and answers the candidate's questions until its own answer is there."""
        answer = self._exchange(text, shared)
        while "ask" in answer:
            if self._depth > _MAX_QUESTIONS:
                raise self.end(Outcome.RUNTIME_ERROR, "the submission and its tests call each other forever")
            answer = self._exchange(self._reply(answer), shared)
        return answer

    def _reply(self, question: dict[str, Any]) -> bytes:
        try:
            if question["ask"] == "input":
                message: dict[str, Any] = {"answer": builtins.input(*question["args"])}
            elif self._hear is not None:
                message = {"answer": self._hear(question)}
            else:
                message = {"answer": self._foreign.use(question)}
            return Encoder(self._objects).encode(message)
        except SubmissionEndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - what a test's function raises goes to its caller
            number = self._foreign.keep(error)
            try:
                return Encoder(self._objects).encode({"raised": error, "number": number})
            except CodecError:
                stranger = RuntimeError(f"{type(error).__name__}: {error}")
                return Encoder(self._objects).encode({"raised": stranger, "number": number})

    def _exchange(self, message: bytes, shared: list[Any]) -> dict[str, Any]:
        if self.ended is not None:
            raise SubmissionEndedError
        try:
            self._refuse_unasked_answers()
            send_text(self._channel, message)
            return self._decoded(receive_text(self._channel), shared)
        except (EOFError, OSError) as error:
            raise self.end(Outcome.RUNTIME_ERROR, "exited: the submission ended its process") from error
        except CodecError as error:
            raise self._refused(error) from error

    def _decoded(self, text: bytes, shared: list[Any]) -> dict[str, Any]:
        answer = Decoder(self._objects, list(shared)).decode(text)
        if type(answer) is not dict:
            raise CodecError("an answer that is none")
        try:
            for stream, printed in answer.pop("out", ()):
                target = sys.stderr if stream == "stderr" else sys.stdout
                if type(printed) is str and target is not None:
                    target.write(printed)
            for number, contents in answer.pop("changes", ()):
                _change(shared[number], contents)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CodecError(f"malformed changes: {type(error).__name__}") from error
        return answer

    def _is_input_replaced(self) -> bool:
        return builtins.input is not _PLAIN_INPUT or sys.stdin is not self._standard_input

    def _refuse_unasked_answers(self) -> None:
        readable, _, _ = select.select([self._channel], [], [], 0)
        if readable and self._channel.recv(1, socket.MSG_PEEK):
            raise self.end(Outcome.RUNTIME_ERROR, "the submission's process answered before it was asked")

    def end(self, outcome: Outcome, message: str) -> SubmissionEndedError:
        """Notes the first reason for the end and returns what to raise."""
        self.ended = self.ended or Failure(outcome, message)
        return SubmissionEndedError(message)

    def _refused(self, error: CodecError) -> SubmissionEndedError:
        too_large = isinstance(error, ValueTooLargeError)
        outcome = Outcome.OUTPUT_LIMIT if too_large else Outcome.RUNTIME_ERROR
        return self.end(outcome, f"the submission's answer was refused: {error}")

    def _broke_protocol(self) -> SubmissionEndedError:
        return self.end(Outcome.RUNTIME_ERROR, "the submission's process broke the protocol")


def _change(value: Any, contents: Any) -> None:
    """Writes what the candidate did to a copy of this object into the object."""
    kind = type(value)
    if kind in (list, deque):
        value.clear()
        value.extend(contents)
    elif kind is set:
        value.clear()
        value.update(contents)
    elif kind is bytearray and type(contents) is bytes:
        value[:] = contents
    elif isinstance(value, dict):
        value.clear()
        value.update(dict(contents))
    elif kind.__module__ != "builtins":
        restore(value, {str(name): part for name, part in contents})


__all__ = ["CandidateSession", "Failure"]
