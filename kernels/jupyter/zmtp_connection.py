"""One connection to a bound ZeroMQ socket, in the few lines of ZMTP 3.0 that a host needs.

The peer is in the hands of the code that it runs, and a library that reads ahead of its user would buffer
whatever the peer likes, such as a message of endless parts. Here nothing is read that was not asked for: the
event loop reads a piece at a time, and a message that grows over its cap ends the connection.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import cast

MESSAGE_LIMIT = 16 << 20
"""Bytes of one message."""
_PARTS_LIMIT = 64
_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_MORE, _LONG, _COMMAND = 1, 2, 4


class ZmtpConnection(asyncio.Protocol):
    """A client's end.

    Args:
        kind: `SUB`, which subscribes to everything, or `DEALER`.
        identity: By which a `ROUTER` knows the client.
        on_message: Called with the parts of every message.
        on_end: Called once, when the connection is over, unless `close` ended it.
    """

    def __init__(
        self,
        kind: str,
        identity: bytes,
        on_message: Callable[[list[bytes]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._kind = kind
        self._identity = identity
        self._on_message = on_message
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._greeted = False
        self._ready = False
        self._held: list[bytes] = []
        self._parts: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        # By promise of the event loop; other loops' transports are no subclasses of asyncio's.
        transport = self._transport = cast(asyncio.Transport, transport)
        ready = _property(b"Socket-Type", self._kind.encode())
        if self._kind == "DEALER":
            ready += _property(b"Identity", self._identity)
        transport.write(_GREETING + _frame(_COMMAND, b"\x05READY" + ready))
        if self._kind == "SUB":
            self.send([b"\x01"])

    def data_received(self, data: bytes) -> None:
        """Takes a piece of the stream."""
        self._buffer += data
        used = self._greeting_size()
        while self._greeted and self._transport is not None:
            taken = self._take_frame(used)
            if not taken:
                break
            used += taken
        del self._buffer[:used]

    def connection_lost(self, _: Exception | None) -> None:
        """The peer is gone."""
        if self._transport is not None:
            self._transport = None
            self._on_end()

    def send(self, parts: Sequence[bytes]) -> None:
        """Sends a message; what is sent after the end is lost."""
        if self._transport is None:
            return
        *more, last = parts
        self._held += [*(_frame(_MORE, part) for part in more), _frame(0, last)]
        self._flush()

    def close(self) -> None:
        """Ends the connection; idempotent."""
        transport, self._transport = self._transport, None
        self._held.clear()
        if transport is not None:
            transport.abort()

    def _flush(self) -> None:
        # A message that overtakes the peer's own READY is a fault to it.
        if self._ready and self._transport is not None and self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def _greeting_size(self) -> int:
        if self._greeted or len(self._buffer) < len(_GREETING):
            return 0
        self._greeted = True
        if self._buffer[0] != 0xFF or self._buffer[10] < 3 or self._buffer[12:16] != b"NULL":
            self._give_up()
        return len(_GREETING)

    def _take_frame(self, start: int) -> int:
        """Takes the frame at the start, if it is complete, and returns its size."""
        buffer = self._buffer
        if len(buffer) < start + 2:
            return 0
        flags, size, head = buffer[start], buffer[start + 1], 2
        if flags > _MORE | _LONG | _COMMAND:
            self._give_up()
            return 0
        if flags & _LONG:
            head = 9
            if len(buffer) < start + head:
                return 0
            (size,) = struct.unpack_from(">Q", buffer, start + 1)
        if self._size + size > MESSAGE_LIMIT or len(self._parts) >= _PARTS_LIMIT:
            self._give_up()
            return 0
        if len(buffer) < start + head + size:
            return 0
        if flags & _COMMAND:
            self._ready = True
            self._flush()
        else:
            self._take_part(bytes(buffer[start + head : start + head + size]), bool(flags & _MORE))
        return int(head + size)

    def _take_part(self, part: bytes, more: bool) -> None:
        self._parts.append(part)
        self._size += len(part)
        if not more:
            parts, self._parts, self._size = self._parts, [], 0
            self._on_message(parts)

    def _give_up(self) -> None:
        self.close()
        self._on_end()


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def _frame(flags: int, body: bytes) -> bytes:
    if len(body) > 255:
        return struct.pack(">BQ", flags | _LONG, len(body)) + body
    return bytes([flags, len(body)]) + body
