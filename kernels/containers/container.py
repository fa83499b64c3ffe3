"""One container while it starts: what it says before it is spoken to tells why it did not come up."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any

_HEADER = struct.Struct(">BxxxI")
_OUTPUT_LIMIT = 1 << 16


class Container:
    """A container and its output, which is listened to until `forget_output`.

    Args:
        api: The SDK's client.
        container: The container's id; it was created and not started yet.
    """

    def __init__(self, api: Any, container: str) -> None:
        self.id = container
        attached = api.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1})
        self._output = socket.socket(fileno=os.dup(attached.fileno()))
        self._output.setblocking(False)
        attached._response.close()  # with it the SDK's own end of the connection

    async def last_words(self) -> str:
        """Waits for the container to end and returns the last line that it said."""
        raw = bytearray()
        loop = asyncio.get_running_loop()
        while len(raw) < _OUTPUT_LIMIT and (chunk := await loop.sock_recv(self._output, 4096)):
            raw += chunk
        lines = _text(bytes(raw)).strip().splitlines()
        return lines[-1] if lines else ""

    def forget_output(self) -> None:
        """Stops listening; idempotent."""
        self._output.close()


def _text(raw: bytes) -> str:
    """Joins the frames in which an engine sends output."""
    parts = []
    while len(raw) >= _HEADER.size:
        _, size = _HEADER.unpack_from(raw)
        parts.append(raw[_HEADER.size : _HEADER.size + size])
        raw = raw[_HEADER.size + size :]
    return b"".join(parts).decode(errors="replace")
