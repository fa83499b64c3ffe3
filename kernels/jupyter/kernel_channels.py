"""The channels to one ipykernel: no thread, no polling; messages are handed on as they arrive.

An honest kernel caps its output at the source. One that sends more than that can be is flooding the host, and
is given up, as is one that speaks nonsense or closes a channel while it lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .wire import Channel, MalformedFrameError, Message, Wire
from .zmtp_connection import MESSAGE_LIMIT, ZmtpConnection

_KINDS = {Channel.IOPUB: "SUB", Channel.SHELL: "DEALER", Channel.STDIN: "DEALER"}
_MESSAGES = 20_000
_BYTES = 8 * MESSAGE_LIMIT
_BYTES_A_MESSAGE = 1 << 10


class KernelChannels:
    """Connected to the kernel whose connection information is given; open it with `open`.

    Args:
        connection: The key, and the path of the sockets.
        output_limit: Characters of text output of a cell.
        on_message: Called with every message.
        on_lost: Called when the kernel is not worth listening to any more.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        output_limit: int,
        on_message: Callable[[Channel, Message], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._wire = Wire(connection["key"])
        self._on_message = on_message
        self._on_lost = on_lost
        # Every character may come in a message of its own, when stdout and stderr alternate.
        self._allowed_messages = _MESSAGES + output_limit
        self._connections: dict[Channel, ZmtpConnection] = {}
        self._open = len(_KINDS)
        self.drained = asyncio.Event()
        """Set when nothing more can come."""
        self._renew()

    async def open(self) -> None:
        """Connects.

        Raises:
            OSError: If the kernel does not listen.
        """
        loop = asyncio.get_running_loop()
        for channel, kind in _KINDS.items():
            # Input requests are routed to the identity that sent the execute request.
            make = partial(ZmtpConnection, kind, b"host", partial(self._take, channel), self._on_end)
            path = f"{self._connection['ip']}-{self._connection[f'{channel}_port']}"
            _, self._connections[channel] = await loop.create_unix_connection(make, path)

    def send(
        self, channel: Channel, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any] | None = None
    ) -> str:
        """Sends a message and returns its id."""
        self._renew()
        message_id, frames = self._wire.encode(kind, content, parent)
        self._connections[channel].send(frames)
        return message_id

    def close(self) -> None:
        """Closes the connections; idempotent."""
        for connection in self._connections.values():
            connection.close()
        self.drained.set()

    def _renew(self) -> None:
        self._messages_left = self._allowed_messages
        self._bytes_left = _BYTES + _BYTES_A_MESSAGE * self._allowed_messages

    def _take(self, channel: Channel, frames: list[bytes]) -> None:
        self._messages_left -= 1
        self._bytes_left -= sum(map(len, frames))
        try:
            if self._messages_left < 0 or self._bytes_left < 0:
                raise MalformedFrameError("the kernel floods the host")
            message = self._wire.decode(frames)
        except MalformedFrameError:
            self.close()
            self._on_lost()
            return
        self._on_message(channel, message)

    def _on_end(self) -> None:
        self._open -= 1
        if not self._open:
            self.drained.set()
        self._on_lost()
