"""What a submission's process answers to the examiner; nothing that it says is a verdict.

It gets the source, and then operations: a call, an attribute, an operator, or several calls at once. It never
gets a test or an expected value. Containers that come as arguments are copies; what a call changed in
them goes back with its answer.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import io
import linecache
import marshal
import socket
import sys
import types
from _thread import RLock  # `threading` would make every fork dearer
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..beside.service import Beside
from .answer_file import AHEAD, ROOM, VALUE, note
from .candidate_objects import CandidateObjects, attributes_of
from .codec import CodecError, Decoder, Encoder, encode
from .frames import receive_text, send_frame, send_text

_MESSAGE_LIMIT = 500
_OUTPUT_LIMIT = 1 << 20


def serve(channel: socket.socket, answers: int | None) -> None:
    """Announces itself, loads the submission and answers until the examiner hangs up.

    Args:
        channel: To the examiner.
        answers: A file for answers to calls that are asked for at once, if there are any.
    """
    with contextlib.suppress(EOFError, OSError):
        if answers is None:
            send_frame(channel, {"ready": True})
        _Service(channel, answers).run(marshal.loads(receive_text(channel)))


class _Service:
    """The conversation about one submission."""

    def __init__(self, channel: socket.socket, answers: int | None) -> None:
        self._channel = channel
        self._answers = answers
        self._lock = RLock()
        self._output = _Output()
        self._operations = _OPERATIONS
        self._asks_for_input = False
        self._objects = CandidateObjects(types.ModuleType("solution"), (), self.ask)

    def run(self, job: dict[str, Any]) -> None:
        """Loads the submission and answers requests."""
        module = types.ModuleType(job["module"])
        self._objects = CandidateObjects(module, job["data_classes"], self.ask)
        self._output.install()
        builtins.input = self._input(builtins.input)
        operations = _OPERATIONS
        if job["beside"]:
            beside = Beside()
            operations = {**operations, "beside": lambda test: beside.run(module, self.ask, test)}
        self._operations = operations
        failure = _load(module, job)
        loaded = {"loaded": failure is None, "failure": failure}
        if self._answers is None:
            send_frame(self._channel, loaded)
        else:
            note(self._answers, 0.0, encode(loaded))
            self._answer_ahead(module, self._answers, job["ahead"], failed=failure is not None)
        while failure is None:
            text = receive_text(self._channel)
            if self._answers is not None and text.startswith(AHEAD):
                asked = marshal.loads(text[len(AHEAD) :])
                self._answer_ahead(module, self._answers, asked, failed=False)
            else:
                self._answer(text)

    def _answer_ahead(
        self, module: types.ModuleType, file: int, asked: dict[str, Any], *, failed: bool
    ) -> None:
        """Makes calls, one after the other, up to one whose value the examiner may ask about."""
        names = module.__dict__
        room, last = ROOM, None
        for function, packed in () if failed else asked["calls"]:
            args, kwargs = marshal.loads(packed)
            start = perf_counter()
            text, is_plain = self._outcome(names.get(function), function, names, args, kwargs)
            room -= len(text)
            if room < 0:
                last = text
                break
            note(file, perf_counter() - start, text)
            if not is_plain:
                break
        send_frame(self._channel, {"nonce": asked["nonce"], "follows": last is not None})
        if last is not None:
            send_text(self._channel, last)

    def _outcome(
        self, target: Any, function: str, names: dict[str, Any], args: Any, kwargs: Any
    ) -> tuple[bytes, bool]:
        """The answer to one call, and whether nothing in it refers to an object of this process."""
        handed_out = self._objects.handed_out
        try:
            value = (eval(function, names) if target is None else target)(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - the submission's failure is an answer here
            return self._encoded({"error": _describe(error), "raised": error}, "", [], []), True
        if self._output.is_empty:
            with contextlib.suppress(CodecError):
                text = VALUE + self._text(value, [])
                return text, self._objects.handed_out == handed_out
        return self._encoded({"value": value}, "", [], []), self._objects.handed_out == handed_out

    def ask(self, what: str, target: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Asks the examiner about something of its own, in the middle of an operation."""
        with self._lock:
            question = {"ask": what, "target": target, "args": args, "kwargs": kwargs}
            question["out"] = self._output.take()
            send_text(self._channel, self._text(question, []))
            while True:
                text = receive_text(self._channel)
                message = Decoder(self._objects).decode(text)
                if "answer" in message:
                    return message["answer"]
                if "raised" in message:
                    error = message["raised"]
                    error.__dict__["__replgym_foreign__"] = message["number"]
                    raise error
                self._answer(text)

    def _answer(self, text: bytes) -> None:
        decoder = Decoder(self._objects, numbered=True)
        request = decoder.decode(text)
        nonce, self._asks_for_input = request["nonce"], request.get("input", False)
        before = [_snapshot(value) for value in decoder.shared]
        try:
            operation = self._operations[request["do"]]
            answer = {"value": operation(*request["args"], **request["kwargs"])}
        except BaseException as error:  # noqa: BLE001 - the submission's failure is an answer here
            answer = {"error": _describe(error), "raised": error}
        shared = decoder.shared
        changes = [
            [number, _contents(value)]
            for number, value in enumerate(shared)
            if not _unchanged(value, before[number])
        ]
        send_text(self._channel, self._encoded(answer, nonce, changes, shared))

    def _encoded(self, answer: dict[str, Any], nonce: str, changes: list[Any], shared: list[Any]) -> bytes:
        rest = {"nonce": nonce, "out": self._output.take()}
        try:
            return self._text({**answer, **rest, "changes": changes}, shared)
        except CodecError as error:
            failure = answer.get("error") or _describe(error)
            return self._text({"error": failure, **rest, "changes": []}, [])

    def _text(self, message: Any, shared: list[Any]) -> bytes:
        well = False
        try:
            text = Encoder(self._objects, list(shared)).encode(message)
            well = True
        finally:
            self._objects.sent(well=well)
        return text

    def _input(self, original: Callable[..., str]) -> Callable[..., str]:
        def input(prompt: object = "", /) -> str:
            if not self._asks_for_input:
                return original(prompt)
            answer: str = self.ask("input", 0, (str(prompt),), {})
            return answer

        return input


def _load(module: types.ModuleType, job: dict[str, Any]) -> dict[str, str] | None:
    """Executes the preamble and the submission; returns why they cannot be used, if so."""
    file = module.__name__ + ".py"
    try:
        code = compile(job["source"], file, "exec", dont_inherit=True)
        preamble = compile(job["preamble"], "preamble.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return {**_describe(error), "stage": "compile"}
    module.__file__ = file
    sys.modules[module.__name__] = module
    lines = job["source"].splitlines(keepends=True)
    linecache.cache[file] = (len(job["source"]), None, lines, file)
    try:
        exec(preamble, module.__dict__)
        exec(code, module.__dict__)
        _check_entry_point(module, job["entry_point"])
    except BaseException as error:  # noqa: BLE001 - the submission's failure is an answer here
        return {**_describe(error), "stage": "run"}
    return None


def _check_entry_point(module: types.ModuleType, entry_point: str) -> None:
    name = entry_point.split(".")[0].removesuffix("()")
    if name and name not in module.__dict__:
        raise NameError(f"the submission does not define {name!r}")


def _special(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(type(target), name)(target, *args, **kwargs)


def _run_awaitable(awaitable: Any) -> Any:
    import asyncio

    async def outcome() -> Any:
        return await awaitable

    return asyncio.run(outcome())


def _names(module: types.ModuleType, wanted: list[str]) -> list[str]:
    return [name for name in wanted if name in module.__dict__]


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda target, /, *args, **kwargs: target(*args, **kwargs),
    "get": getattr,
    "set": setattr,
    "del": delattr,
    "dir": dir,
    "str": str,
    "repr": repr,
    "iter": iter,
    "len": len,
    "special": _special,
    "method": lambda target, name, /, *args, **kwargs: getattr(target, name)(*args, **kwargs),
    "names": _names,
    "copy": lambda target, deep: copy.deepcopy(target) if deep else copy.copy(target),
    "await": _run_awaitable,
}


def _snapshot(value: Any) -> Any:
    """The parts of a container as they are, to be compared by identity."""
    kind = type(value)
    if kind in (list, deque, set):
        return list(value)
    if kind is bytearray:
        return bytes(value)
    return dict(value) if isinstance(value, dict) else attributes_of(value)


def _unchanged(value: Any, before: Any) -> bool:
    now = _snapshot(value)
    if type(now) is bytes:
        return bool(now == before)
    if len(now) != len(before):
        return False
    if type(now) is dict:
        pairs = zip(now.items(), before.items(), strict=True)
        return all(one[0] is other[0] and one[1] is other[1] for one, other in pairs)
    return all(one is other for one, other in zip(now, before, strict=True))


def _contents(value: Any) -> Any:
    """What a changed container holds; its parts keep their identity."""
    if type(value) in (list, deque, set):
        return list(value)
    if type(value) is bytearray:
        return bytes(value)
    if isinstance(value, dict):
        return [[key, part] for key, part in dict.items(value)]
    return [[name, part] for name, part in attributes_of(value).items()]


def _describe(error: BaseException) -> dict[str, str]:
    message = ""
    with contextlib.suppress(BaseException):
        message = str.__str__(str(error))[:_MESSAGE_LIMIT]
    return {"type": type(error).__name__[:100], "message": message}


class _Output:
    """What the submission prints, for tests that look at it; the first megabyte between two answers."""

    def __init__(self) -> None:
        self._parts: list[list[str]] = []
        self._room = _OUTPUT_LIMIT

    def install(self) -> None:
        """Takes the place of the standard streams."""
        sys.stdout = _Stream(self, "stdout")
        sys.stderr = _Stream(self, "stderr")

    def add(self, stream: str, text: str) -> None:
        """Notes a text."""
        if self._room > 0:
            self._parts.append([stream, text[: self._room]])
            self._room -= len(text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was printed since the last time."""
        return not self._parts

    def take(self) -> list[list[str]]:
        """What was printed since the last time."""
        if not self._parts:
            return []
        parts, self._parts, self._room = self._parts, [], _OUTPUT_LIMIT
        joined: list[list[str]] = []
        for stream, text in parts:
            if joined and joined[-1][0] == stream:
                joined[-1][1] += text
            else:
                joined.append([stream, text])
        return joined


class _Stream(io.TextIOBase):
    """A standard stream that keeps what it gets."""

    encoding = "utf-8"

    def __init__(self, output: _Output, name: str) -> None:
        super().__init__()
        self._output = output
        self._name = name
        self._binary: Any = None

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Keeps a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._output.add(self._name, text)
        return len(text)

    @property
    def buffer(self) -> Any:
        """A binary face of the stream."""
        if self._binary is None:
            self._binary = _Binary(self)
        return self._binary

    def fileno(self) -> int:
        """The descriptor behind it."""
        return 1 if self._name == "stdout" else 2


class _Binary(io.RawIOBase):
    """The binary face of a stream."""

    def __init__(self, stream: _Stream) -> None:
        super().__init__()
        self._stream = stream

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Keeps what the bytes say."""
        raw = bytes(data)
        self._stream.write(raw.decode("utf-8", "replace"))
        return len(raw)
