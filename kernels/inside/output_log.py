"""The outputs of the running cell, appended to a file in memory that the host reads when the cell is over.

Nothing waits for a reader: printing costs the host nothing, cannot block, and what was written before a death
stays. Each record is a JSON array after its length. The host empties the file between two stretches.
"""

from __future__ import annotations

import json
import os
import struct

from .cell_traceback import encodable

_LENGTH = struct.Struct("<I")


class OutputLog:
    """Appends records to the file that `move` names."""

    def __init__(self) -> None:
        self.fd = -1
        self._encode = json.JSONEncoder(ensure_ascii=False).encode
        self._taken: dict[str, int] = {}
        self.renew()

    def move(self, fd: int) -> None:
        """Goes on in another file, open for appending."""
        self.fd = fd
        self._taken.clear()
        self.renew()

    def renew(self) -> None:
        """Starts a new stretch: a cell, or what comes after its prompt."""
        self._clear_next = False
        self._cut = 0

    def text(self, stream: str, text: str) -> None:
        """Text of a standard stream."""
        self._clear_if_asked()
        self._append([stream, text])

    def bundle(self, kind: str, data: dict[str, str]) -> None:
        """A result or a display."""
        self._clear_if_asked()
        self._append([kind, data])

    def clear(self, *, wait: bool) -> None:
        """Drops what was shown, now or with the next output."""
        self._clear_next = True
        if not wait:
            self._clear_if_asked()

    def error(self, name: str, value: str, traceback: str) -> None:
        """The exception that ends the cell."""
        self._append(["error", [encodable(name), value, traceback]])

    def cut(self, size: int) -> None:
        """So many characters more were left out."""
        if size:
            self._cut += size
            self._append(["cut", size])

    def taken(self, stream: str, position: int) -> None:
        """What the descriptor of a stream was given is in the log up to this position."""
        self._taken[stream] = position
        self._append(["taken", [stream, position]])

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            cut = self._cut
            os.ftruncate(self.fd, 0)
            self.renew()
            self.cut(cut)
            for stream, position in self._taken.items():
                self.taken(stream, position)

    def _append(self, record: list[object]) -> None:
        data = self._encode(record).encode()
        view = memoryview(_LENGTH.pack(len(data)) + data)
        while view:
            view = view[os.write(self.fd, view) :]
