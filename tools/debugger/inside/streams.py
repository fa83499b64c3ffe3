"""What the debugged program takes for its standard streams: its own input, and the outputs of the kernel."""

from __future__ import annotations

import builtins
import getpass
import io
import os
import sys
import tempfile
from typing import Any


class ProgramOutput(io.TextIOBase):
    """Passes on what is written; the program may close it, and the kernel never notices."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: Any, number: int) -> None:
        super().__init__()
        self._stream = stream
        self._number = number
        self.name = f"<{'stdout' if number == 1 else 'stderr'}>"
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        """Writes text."""
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hands over what was written."""
        if not self.closed:
            self._stream.flush()

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor that it stands for."""
        return self._number


class _Bytes(io.BufferedIOBase):
    def __init__(self, text: ProgramOutput) -> None:
        super().__init__()
        self._text = text

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._text.write(content.decode("utf-8", "backslashreplace"))
        return len(content)

    def flush(self) -> None:
        self._text.flush()

    def writable(self) -> bool:
        return True


def give_streams(stdin: str) -> None:
    """Puts the program's input behind the descriptor 0 and its streams where programs look for them."""
    with tempfile.TemporaryFile() as content:
        content.write(stdin.encode("utf-8", "surrogatepass"))
        content.flush()
        os.lseek(content.fileno(), 0, os.SEEK_SET)
        os.dup2(content.fileno(), 0)
    file = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - the program's
    for name, stream in {
        "stdin": file,
        "stdout": ProgramOutput(sys.stdout, 1),
        "stderr": ProgramOutput(sys.stderr, 2),
    }.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    builtins.input = read_line
    setattr(getpass, "getpass", read_line)  # noqa: B010 - it takes more than `input` does


def read_line(prompt: object = "", /, *_: object) -> str:
    """What `input` is where standard input is no terminal."""
    sys.stdout.write(str(prompt))
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")
