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
_CREDENTIALS = struct.Struct("iII")
_CREDENTIALS_SPACE = socket.CMSG_SPACE(_CREDENTIALS.size)
_CHUNK = 1 << 16
FRAME_LIMIT = 8 << 20


class ShellWire:
    """The connection to one shell.

    Args:
        connected: The socket, which the wire then owns.
    """

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.greeting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        """The shell's first frame; cancelled if there never is one."""
        self.peer: int | None = None
        """The number of the process that greeted, as the operating system attests it."""
        self.on_frame: Callable[[dict[str, Any]], None] = _ignore
        """Called with every later frame."""
        self.on_broken: Callable[[], None] = _ignore
        """Called once, when the shell has gone or speaks nonsense."""
        self.has_gone = False
        """Whether the shell closed it."""
        self._socket = connected
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
        self.greeting.cancel()
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
            data, ancillary, _, _ = self._socket.recvmsg(_CHUNK, _CREDENTIALS_SPACE)
        except BlockingIOError:
            return
        except OSError:
            data, ancillary = b"", []
        if not data:
            self.has_gone = True
            self._break()
            return
        self._buffer += data
        try:
            while not self._closed and (frame := self._next_frame()) is not None:
                self._dispatch(frame, ancillary)
        except (ValueError, RecursionError):
            self._break()

    def _dispatch(self, frame: dict[str, Any], ancillary: list[tuple[int, int, bytes]]) -> None:
        if self.greeting.done():
            self.on_frame(frame)
            return
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                self.peer = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0]
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        self.greeting.set_result(frame)

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
            self.on_broken()


def _ignore(*_: object) -> None:
    """Before there is an owner."""
