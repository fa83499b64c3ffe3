"""The examiner's side of calls that are asked for at once: it waits once, and hands out answer by answer.

What the process answered before it ended, or before its time was up, still counts: the failure belongs to the
first test whose answer is missing.
"""

from __future__ import annotations

import marshal
import os
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from ..sandbox import anonymous_file
from ..test_code.call_plan import CallPlan, PlannedCall
from ..verdict import Outcome
from . import answer_file
from .candidate_error import Failure
from .codec import CodecError
from .frames import receive_frame, receive_text

Wait = Callable[[socket.socket], bool]
"""Waits until a channel can be read; False when the time for all tests is up."""
_LATE = Failure(Outcome.TIMEOUT, "the time limit was reached")
_EXITED = Failure(Outcome.RUNTIME_ERROR, "exited: the submission ended its process")
_BROKEN = Failure(Outcome.RUNTIME_ERROR, "the submission's process broke the protocol")


class AnswersAhead:
    """The planned calls of one submission."""

    def __init__(self, plan: CallPlan, wait: Wait) -> None:
        self.file = anonymous_file.create()
        """Where the process leaves its answers."""
        self.failure: Failure | None = None
        """Why no more answers will come, if so."""
        self.time_shift = 0.0
        """Seconds that calls took by the word of the process, less those that were waited for them here."""
        self._wait = wait
        self._plan = plan
        self._places = {
            number: (chunk, place) for chunk in plan.chunks for place, (number, _) in enumerate(chunk)
        }
        self._answers: dict[int, tuple[float, bytes]] = {}
        self._asked: tuple[tuple[int, PlannedCall], ...] = ()
        self._nonce = ""

    def __contains__(self, number: int | None) -> bool:
        """Whether the call of a test is planned."""
        return number in self._places

    def first(self) -> dict[str, Any]:
        """What goes along with the submission."""
        chunks = self._plan.chunks if self._plan.first_is_first else ()
        return self._ask(chunks[0] if chunks else ())

    def next(self, number: int) -> bytes:
        """What asks for the call of a test and those that follow it; packed."""
        answer_file.empty(self.file)
        chunk, place = self._places[number]
        return marshal.dumps(self._ask(chunk[place:]))

    def hear_loaded(self, channel: socket.socket) -> bytes:
        """Waits after `first`; returns what the process says about loading, nothing if it does not."""
        records = self._hear(channel)
        self._keep(records[1:])
        return records[0][1] if records else b""

    def hear(self, channel: socket.socket) -> None:
        """Waits after `next`."""
        records = self._hear(channel)
        if not records:
            self.failure = self.failure or _BROKEN
        self._keep(records)

    def take(self, number: int) -> bytes | None:
        """The answer to the call of a test, once, if it is there."""
        seconds, text = self._answers.pop(number, (0.0, None))
        self.time_shift += seconds
        return text

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self.file)

    def _ask(self, chunk: tuple[tuple[int, PlannedCall], ...]) -> dict[str, Any]:
        self._asked = chunk
        self._nonce = secrets.token_hex(8)
        return {"nonce": self._nonce, "calls": [(call.function, call.packed) for _, call in chunk]}

    def _hear(self, channel: socket.socket) -> list[tuple[float, bytes]]:
        start = time.monotonic()
        last = None
        if self._wait(channel):
            try:
                last = self._hear_bell(channel)
            except (EOFError, OSError):
                self.failure = _EXITED
            except CodecError:
                self.failure = _BROKEN
        else:
            self.failure = _LATE
        waited = time.monotonic() - start
        self.time_shift -= waited
        records = answer_file.read(self.file) + ([] if last is None else [(waited, last)])
        return [(min(seconds, waited) if seconds > 0 else 0.0, text) for seconds, text in records]

    def _hear_bell(self, channel: socket.socket) -> bytes | None:
        bell = receive_frame(channel)
        if type(bell) is not dict or bell.get("nonce") != self._nonce:
            raise CodecError("not the end of an answer")
        return receive_text(channel) if bell.get("follows") is True else None

    def _keep(self, records: list[tuple[float, bytes]]) -> None:
        for (number, _), record in zip(self._asked, records, strict=False):
            self._answers[number] = record
