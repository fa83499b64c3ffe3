"""The shell's end of the socket to its host: small frames of JSON, each after its length.

A frame may bring descriptors. What has arrived stays in the buffer when an interrupt cuts a wait short, so no
frame is ever torn.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

_LENGTH = struct.Struct("<I")
_CHUNK = 1 << 16
_MAX_FDS = 16


class ShellChannel:
    """Requests in, frames out.

    Args:
        fd: The connected socket, which the channel then owns.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._buffer = bytearray()
        self._descriptors: list[int] = []
        # What a cell may patch is remembered.
        self._encode, self._decode = json.JSONEncoder().encode, json.JSONDecoder().decode

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    @property
    def has_more(self) -> bool:
        """Whether a part of the next request is here already."""
        return bool(self._buffer)

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        """Waits for the next request and the descriptors that came so far.

        Raises:
            EOFError: If the host has gone.
        """
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, keep=True))
        data = self._take(_LENGTH.size + length)
        descriptors, self._descriptors = self._descriptors, []
        return self._decode(data[_LENGTH.size :].decode()), descriptors

    def send(self, value: dict[str, Any]) -> None:
        """Sends a frame."""
        self._socket.sendall(frame(value, self._encode))

    def forget(self) -> None:
        """Drops the channel, whose descriptor is closed already."""
        self._socket.detach()

    def _take(self, size: int, *, keep: bool = False) -> bytes:
        while len(self._buffer) < size:
            data, ancillary, _, _ = self._socket.recvmsg(_CHUNK, socket.CMSG_SPACE(4 * _MAX_FDS))
            if not data:
                raise EOFError
            self._buffer += data
            self._descriptors += _descriptors(ancillary)
        taken = bytes(self._buffer[:size])
        if not keep:
            del self._buffer[:size]
        return taken


def frame(value: dict[str, Any], encode: Callable[[object], str] = json.dumps) -> bytes:
    """A frame that says the value."""
    data = encode(value).encode()
    return _LENGTH.pack(len(data)) + data


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    numbers = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    for number in numbers:
        os.set_inheritable(number, False)
    return list(numbers)
