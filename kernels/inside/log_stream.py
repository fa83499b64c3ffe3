"""A standard stream of the shell: spends from the cell's budget and goes to the output log.

What C code and subprocesses write to the descriptor lands in a file of its own, never in a pipe, so nobody
ever waits for a reader; it is taken over before the next write of Python code and at the end of the cell.
"""

from __future__ import annotations

import codecs
import io
import os
import threading
from typing import Any

from .cell_traceback import encodable
from .late_output import CellOutputs
from .output_log import OutputLog

_CHUNK = 1 << 20
_KEEP = 1 << 20
_LONG_LINE = 1 << 12


class LogStream(io.TextIOBase):
    """The stream and the file behind its descriptor.

    Args:
        name: `stdout` or `stderr`.
        number: The descriptor that the stream stands for, 1 or 2.
        log: Where the text goes.
        outputs: The budget.
    """

    def __init__(self, name: str, number: int, log: OutputLog, outputs: CellOutputs) -> None:
        super().__init__()
        self.name = f"<{name}>"
        self.log = log
        self.outputs = outputs
        self._stream = name
        self.number = number
        self.file = -1
        self._position = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""
        self._writer = 0
        self.is_own = True
        """Whether this is the kernel's process, and not one that a cell forked."""
        self.sibling: LogStream | None = None

    encoding = "UTF-8"
    errors = "replace"

    def write(self, string: str) -> int:
        """Writes text, as far as the budget goes, after what a subprocess wrote before it.

        The beginning of a line waits for its end, which halves the cost of `print`.
        """
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string).__name__}")
        if not self.is_own:
            self._write_to_descriptor(string)
            return len(string)
        writer = threading.get_ident()
        if self._line and writer != self._writer:
            self.flush()
        if not self._line:
            self._catch_up()
        self._line += string
        self._writer = writer
        if string.endswith("\n") or len(self._line) > _LONG_LINE:
            self.flush()
        return len(string)

    def send(self, text: str) -> None:
        """Writes past the budget."""
        self.log.text(self._stream, encodable(text))

    def flush(self) -> None:
        """Hands over the line that has begun."""
        line, self._line = self._line, ""
        if line:
            self.outputs.write(self, line)

    def disown(self) -> None:
        """From now on this is another process."""
        self.is_own = False
        self._line = ""

    def close(self) -> None:
        """Does nothing: later cells still have something to say."""

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor that it stands for."""
        return self.number

    @property
    def buffer(self) -> Any:
        """Takes bytes."""
        return open(self.number, "wb", buffering=0, closefd=False)

    def drain(self) -> None:
        """Takes over what was written to the descriptor."""
        size = os.fstat(self.file).st_size
        if size <= self._position:
            return
        while self._position < size:
            data = os.pread(self.file, min(_CHUNK, size - self._position), self._position)
            if not data:
                break
            self._position += len(data)
            self.outputs.take(self, self._decoder.decode(data))
        self.log.taken(self._stream, self._position)

    def renew(self) -> None:
        """Starts a new stretch in a file that is not much larger than it needs to be."""
        if self._position > _KEEP:
            os.ftruncate(self.file, 0)
            self._position = 0
            self.log.taken(self._stream, 0)

    def move(self, file: int) -> None:
        """Goes on in a process of its own, with an empty file.

        Args:
            file: Another descriptor of the file that its number stands for, to read it.
        """
        self.file = file
        self._position = 0
        self.is_own = True

    def _catch_up(self) -> None:
        """Takes over what came before the line that begins now."""
        self.drain()
        if self.sibling is not None:
            self.sibling.flush()
            self.sibling.drain()

    def _write_to_descriptor(self, text: str) -> None:
        data = memoryview(encodable(text).encode())
        while data:
            data = data[os.write(self.number, data) :]
