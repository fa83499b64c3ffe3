"""One websocket to one kernel, opened again when it breaks while the kernel lives.

The server keeps what the kernel says while nobody listens and hands it over to the same session. What may
have reached the kernel is not sent twice: then the connection is given up, and the interpreter with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..jupyter.wire import Channel, MalformedFrameError, Message
from ..kernel_error import KernelClosedError
from .gateway_client import GatewayClient, GatewayError
from .websocket_wire import WebsocketWire, decode, encode

if TYPE_CHECKING:
    import aiohttp

_PAUSES = (0.1, 0.2, 0.5, 1.0)
_OUTBOX_LIMIT = 1000


class GatewayChannels:
    """All channels of one kernel.

    Args:
        client: The server.
        kernel_id: The kernel.
        on_message: Called with every well-formed message.
        on_lost: Called once, when the kernel cannot be reached or talks nonsense.
    """

    def __init__(
        self,
        client: GatewayClient,
        kernel_id: str,
        on_message: Callable[[Channel, Message], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._client = client
        self._kernel_id = kernel_id
        self._on_message = on_message
        self._on_lost = on_lost
        self._wire = WebsocketWire()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_OUTBOX_LIMIT)
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects.

        Raises:
            GatewayError: If the server does not let us.
        """
        connection = await self._client.connect(self._kernel_id, self._wire.session)
        self._task = asyncio.create_task(self._run(connection))

    def send(
        self, channel: Channel, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any] | None = None
    ) -> str:
        """Queues a message and returns its id."""
        message_id, request = self._wire.prepare(channel, kind, content, parent)
        try:
            self._outbox.put_nowait(request)
        except asyncio.QueueFull:
            self._on_lost()
        return message_id

    async def close(self) -> None:
        """Closes the connection; idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while await self._converse(connection):
                connection = await self._reconnect()
        except (GatewayError, KernelClosedError):
            pass  # said by `on_lost`
        finally:
            self._on_lost()

    async def _converse(self, connection: aiohttp.ClientWebSocketResponse) -> bool:
        """Speaks and listens until the connection breaks; whether it is worth making again."""
        writer = asyncio.create_task(self._write(connection))
        try:
            async for frame in connection:
                _acknowledge(connection)
                if isinstance(frame.data, bytes | str):
                    self._take(frame.data)
            # A connection that broke under the writer's hands leaves open what the kernel got.
            return not writer.done()
        except MalformedFrameError:
            return False
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            async with asyncio.timeout(1.0):
                await connection.close()

    async def _write(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            frame = encode(await self._outbox.get(), connection.protocol)
            try:
                if isinstance(frame, bytes):
                    await connection.send_bytes(frame)
                else:
                    await connection.send_str(frame)
            except (OSError, RuntimeError):
                return

    def _take(self, frame: bytes | str) -> None:
        decoded = decode(frame)
        if decoded is not None:
            self._on_message(*decoded)

    async def _reconnect(self) -> aiohttp.ClientWebSocketResponse:
        """Tries until it succeeds, the time is over, or the server says that there is no such kernel."""
        end = time.monotonic() + self._client.options.reconnect_timeout
        attempt = 0
        while True:
            try:
                return await self._client.connect(self._kernel_id, self._wire.session)
            except GatewayError as error:
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
                if 400 <= error.status < 500 or time.monotonic() + pause > end:
                    raise
            attempt += 1
            await asyncio.sleep(pause)


def _acknowledge(connection: aiohttp.ClientWebSocketResponse) -> None:
    """Has the system confirm at once: servers that gather small packets wait 40 ms for it otherwise."""
    raw = connection.get_extra_info("socket")
    if raw is not None and hasattr(socket, "TCP_QUICKACK"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
