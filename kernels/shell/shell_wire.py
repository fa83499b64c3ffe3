"""The host's end of the socket to a shell: requests out, small frames in, and nothing believed.

What is no frame, too large or too much ends the connection for good. Reading and writing never block.
"""

from __future__ import annotations

import array
import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

_LENGTH = struct.Struct("<I")
_CHUNK = 1 << 16
FRAME_LIMIT = 1 << 18


class ShellWire:
    """The connection to one shell.

    Args:
        connected: The socket, which the wire then owns.
        on_frame: Called with every frame.
        on_broken: Called once, when the shell has gone or speaks nonsense.
    """

    def __init__(
        self,
        connected: socket.socket,
        on_frame: Callable[[dict[str, Any]], None],
        on_broken: Callable[[], None],
    ) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._on_frame = on_frame
        self._on_broken = on_broken
        self._buffer = bytearray()
        self._outbox: deque[tuple[memoryview, list[int]]] = deque()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected, self._on_readable)

    def send(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Sends a request, with descriptors if given; they must stay open until the answer."""
        if self._closed:
            return
        data = json.dumps(request).encode()
        self._outbox.append((memoryview(_LENGTH.pack(len(data)) + data), list(descriptors)))
        self._flush()

    def close(self) -> None:
        """Ends the connection; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()

    def _flush(self) -> None:
        while self._outbox:
            data, descriptors = self._outbox[0]
            rights = array.array("i", descriptors)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
            try:
                sent = self._socket.sendmsg([data], ancillary)
            except BlockingIOError:
                self._loop.add_writer(self._socket, self._flush)
                return
            except OSError:
                self._break()
                return
            if sent < len(data):
                self._outbox[0] = (data[sent:], [])
            else:
                self._outbox.popleft()
        self._loop.remove_writer(self._socket)

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._break()
            return
        self._buffer += data
        try:
            while not self._closed and (frame := self._next_frame()) is not None:
                self._on_frame(frame)
        except (ValueError, RecursionError):
            self._break()

    def _next_frame(self) -> dict[str, Any] | None:
        """Cuts a whole frame off the buffer.

        Raises:
            ValueError: If it is no frame.
        """
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
        if end > FRAME_LIMIT:
            raise ValueError("the frame is too large")
        if len(self._buffer) < end:
            return None
        frame = json.loads(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        if not isinstance(frame, dict):
            raise ValueError("the frame is no object")
        return frame

    def _break(self) -> None:
        if not self._closed:
            self.close()
            self._on_broken()
