"""The files in memory between one shell and its host: the output log, and what goes to descriptors 1 and 2.

The shell appends, the host reads; whatever stands there is foreign and checked. A process that dies leaves
its last words here.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..cell_result import CellError, OutputKind, cut_middle
from ..output_collector import OutputCollector
from .plain_text import TRACEBACK_LIMIT, without_colours

_LENGTH = struct.Struct("<I")
_LOG_LIMIT = 64 << 20
_STREAMS = {"stdout": OutputKind.STDOUT, "stderr": OutputKind.STDERR}
_BUNDLES = {"result": OutputKind.RESULT, "display": OutputKind.DISPLAY}


class MalformedLogError(ValueError):
    """The log does not say what a shell would say."""


@dataclass(slots=True)
class Stretch:
    """What a cell has shown so far, since its start or since its last prompt."""

    outputs: OutputCollector
    error: CellError | None = None


@dataclass(slots=True)
class ShellFiles:
    """The host's end of the files."""

    log: int = field(default_factory=lambda: _memory_file("log"))
    stdout: int = field(default_factory=lambda: _memory_file("stdout"))
    stderr: int = field(default_factory=lambda: _memory_file("stderr"))
    _taken: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_STREAMS, 0))

    def empty(self) -> None:
        """Starts a new stretch; the shell must be waiting."""
        os.ftruncate(self.log, 0)

    def stretch(self, limit: int) -> Stretch:
        """Reads what the shell has shown in a finished stretch.

        Args:
            limit: Characters of text to keep.

        Raises:
            MalformedLogError: If the log is not what a shell writes.
        """
        stretch = Stretch(OutputCollector(limit))
        for record in _records(self.log):
            self._take(stretch, record)
        return stretch

    def last_words(self, limit: int) -> Stretch:
        """Reads what a shell has shown that was cut short: as far as it makes sense, and the raw rest."""
        stretch = Stretch(OutputCollector(limit))
        try:
            for record in _records(self.log):
                self._take(stretch, record)
        except MalformedLogError:
            pass
        for name, file in (("stdout", self.stdout), ("stderr", self.stderr)):
            stretch.outputs.cut += self._add_rest(stretch, name, file, limit)
        return stretch

    def close(self) -> None:
        """Lets go of the files; idempotent."""
        for name in ("log", "stdout", "stderr"):
            file = getattr(self, name)
            setattr(self, name, -1)
            if file >= 0:
                os.close(file)

    def _add_rest(self, stretch: Stretch, name: str, file: int, limit: int) -> int:
        """Adds what nobody took over, its end if it is long; says how many bytes were left out."""
        begin = self._taken[name]
        size = os.fstat(file).st_size
        skipped = max(size - begin - 4 * limit, 0)
        if size > begin:
            text = os.pread(file, size - begin - skipped, begin + skipped).decode("utf-8", "replace")
            stretch.outputs.add_stream(_STREAMS[name], text)
        return skipped

    def _take(self, stretch: Stretch, record: Any) -> None:
        try:
            kind, content = record
            if kind in _STREAMS:
                stretch.outputs.add_stream(_STREAMS[kind], _text(content))
            elif kind in _BUNDLES:
                stretch.outputs.add_bundle(_BUNDLES[kind], _bundle(content))
            elif kind == "error":
                name, value, traceback = map(_text, content)
                stretch.error = _error(name, value, traceback)
            elif kind == "cut":
                stretch.outputs.cut += _count(content)
            elif kind == "taken":
                stream, position = content
                if stream in _STREAMS:
                    self._taken[stream] = _count(position)
            else:
                raise MalformedLogError(f"unknown kind {kind!r:.50}")
        except (TypeError, ValueError) as error:
            raise MalformedLogError(str(error)[:200]) from None


def _memory_file(name: str) -> int:
    file = os.memfd_create(f"replgym-{name}", os.MFD_CLOEXEC)
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)
    return file


def _records(file: int) -> Iterator[Any]:
    """The whole records of a log."""
    size = os.fstat(file).st_size
    if size > _LOG_LIMIT:
        raise MalformedLogError(f"it has {size} bytes")
    data = os.pread(file, size, 0)
    at = 0
    while at < len(data):
        end = at + _LENGTH.size
        if end > len(data):
            raise MalformedLogError("it ends in the middle of a record")
        end += _LENGTH.unpack_from(data, at)[0]
        if end > len(data):
            raise MalformedLogError("it ends in the middle of a record")
        try:
            yield json.loads(data[at + _LENGTH.size : end])
        except (ValueError, RecursionError) as error:
            raise MalformedLogError(str(error)[:200]) from None
        at = end


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise MalformedLogError("a text is no text")
    return content


def _count(content: Any) -> int:
    if type(content) is not int or not 0 <= content < 1 << 62:
        raise MalformedLogError("a count is no count")
    return content


def _bundle(content: Any) -> dict[str, str]:
    if not isinstance(content, dict):
        raise MalformedLogError("a display is no object")
    return {mime: without_colours(_text(value)) for mime, value in content.items()}


def _error(name: str, value: str, traceback: str) -> CellError:
    return CellError(
        name=cut_middle(name, TRACEBACK_LIMIT),
        value=cut_middle(value, TRACEBACK_LIMIT),
        traceback=cut_middle(without_colours(traceback), TRACEBACK_LIMIT),
    )
