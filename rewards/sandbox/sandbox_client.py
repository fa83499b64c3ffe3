"""The examiner's view of the sandbox: asks its first process for processes that run the submission."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import socket
from typing import Any

from ..conversation.frames import CodecError, receive_frame
from ..examination.candidate_source import ProgramEnd
from ..tests import Language
from . import anonymous_file, stages
from .compiler import COMPILER
from .control import close_all, receive, send

_STDERR_BYTES = 1 << 16


class SandboxClient:
    """Starts processes one after the other; implements `CandidateSource`.

    Args:
        control: The socket to the first process of the sandbox.
        seconds: The time limit of the whole examination.
        compile_seconds: What a compiler may take.
        output: Bytes of output that matter.
    """

    def __init__(
        self, control: socket.socket, *, seconds: float, compile_seconds: float, output: int
    ) -> None:
        self._control = control
        self._cpu_seconds = _cpu_seconds(seconds)
        self._compile_seconds = compile_seconds
        self._output = output
        self._ids = itertools.count(1)
        self._channel: socket.socket | None = None
        self._spoiled = ""

    def fresh(self, answers: int | None = None) -> socket.socket:
        """See `CandidateSource`."""
        if self._channel is not None:
            self.close()
            self._ask({"op": "clean"})
        ours, theirs = socket.socketpair()
        self._channel = ours
        with theirs:
            request = {"op": "serve", "cpu_seconds": self._cpu_seconds}
            send(self._control, request, [theirs.fileno(), *([] if answers is None else [answers])])
        if answers is not None:
            return ours
        try:
            greeting = receive_frame(ours)
        except (EOFError, CodecError) as error:
            raise OSError("the submission's process did not start") from error
        if greeting != {"ready": True}:
            raise OSError("the submission's process did not start")
        return ours

    def started(self) -> bool:
        """See `CandidateSource`."""
        return bool(self._ask({"op": "stage"})["stage"] == stages.STARTED)

    def compile(self, source: str, language: Language) -> ProgramEnd | None:
        """See `CandidateSource`."""
        compiler = ""
        if language is Language.CPP:
            compiler = shutil.which(COMPILER) or ""
            if not compiler:
                raise OSError(f"this machine has no {COMPILER}, which C++ submissions need")
        code = anonymous_file.create(source.encode("utf-8", "surrogatepass"))
        try:
            request = {"op": "program", "compiler": compiler, "seconds": self._compile_seconds}
            if not compiler:
                self._ask(request, [code])
                return None
            end = self._run(request, b"", [code])
        finally:
            os.close(code)
        return None if end.code == 0 else end

    def run(self, stdin: bytes, seconds: float) -> ProgramEnd:
        """See `CandidateSource`."""
        if self._spoiled:
            reason = f"an earlier run spoiled its surroundings: {self._spoiled}".encode()
            return ProgramEnd(
                1, refused=False, output=b"", flooded=False, errors=reason, seconds=0, peak_memory=0
            )
        return self._run({"op": "run", "seconds": seconds}, stdin, [])

    def close(self) -> None:
        """Lets go of the channel to the last process; idempotent."""
        if self._channel is not None:
            self._channel.close()

    def _run(self, request: dict[str, Any], stdin: bytes, before: list[int]) -> ProgramEnd:
        streams: list[int] = []
        try:
            streams.append(anonymous_file.create(stdin, sealed=True))
            streams += [anonymous_file.create(), anonymous_file.create()]
            request["cpu_seconds"] = _cpu_seconds(request["seconds"])
            found = self._ask(request, [*before, *streams])
            if found["stage"] == stages.NOTHING and found["code"] is not None:
                raise OSError("the submission's process did not start")
            _, output, errors = streams
            return ProgramEnd(
                code=found["code"],
                refused=found["stage"] == stages.REFUSED,
                output=anonymous_file.read(output, self._output),
                flooded=os.fstat(output).st_size > self._output,
                errors=anonymous_file.read_end(errors, _STDERR_BYTES),
                seconds=found["seconds"],
                peak_memory=found["peak"],
            )
        finally:
            close_all(streams)

    def _ask(self, request: dict[str, Any], fds: list[int] | None = None) -> dict[str, Any]:
        number = next(self._ids)
        send(self._control, {**request, "id": number}, fds or ())
        answer, received = receive(self._control)
        close_all(received)
        if answer is not None and "code" in answer:
            self._spoiled = answer.pop("odd", "")
        if answer is None or answer.get("id") != number or "odd" in answer:
            raise OSError(f"the sandbox failed: {answer}")
        return answer


def _cpu_seconds(seconds: float) -> int:
    """A second line behind the clock; a program may use more than one processor."""
    return 2 * math.ceil(seconds) + 2
