"""Length-prefixed frames of encoded values; the length is checked before anything is allocated."""

from __future__ import annotations

import socket
import struct
from typing import Any

from .codec import MAX_BYTES, CodecError, ValueTooLargeError, decode, encode

_PREFIX = struct.Struct(">I")


def send_frame(channel: socket.socket, value: object) -> None:
    """Sends one value, blocking.

    Raises:
        CodecError: If the value cannot cross; nothing was sent then.
        OSError: If the channel is broken.
    """
    send_text(channel, encode(value))


def send_text(channel: socket.socket, text: bytes) -> None:
    """Sends an encoded value, blocking; raises `OSError` if the channel is broken."""
    channel.sendall(_PREFIX.pack(len(text)) + text)


def receive_frame(channel: socket.socket) -> Any:
    """Receives one value, blocking.

    Raises:
        EOFError: If the other side is gone.
        CodecError: If the frame is malformed or too large.
        OSError: If the channel is broken.
    """
    return decode(receive_text(channel))


def receive_text(channel: socket.socket) -> bytes:
    """Receives an encoded value, blocking; raises as `receive_frame` does, and decodes nothing."""
    return _receive_exactly(channel, _length(_receive_exactly(channel, _PREFIX.size)))


def frame(value: object) -> bytes:
    """The bytes of one frame."""
    text = encode(value)
    return _PREFIX.pack(len(text)) + text


def _length(prefix: bytes) -> int:
    (length,) = _PREFIX.unpack(prefix)
    if length > MAX_BYTES:
        raise ValueTooLargeError(f"a frame of {length} bytes was announced; the limit is {MAX_BYTES}")
    return int(length)


def _receive_exactly(channel: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = channel.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EOFError("the other side is gone")
        parts += part
    return bytes(parts)


__all__ = ["CodecError", "frame", "receive_frame", "receive_text", "send_frame", "send_text"]
