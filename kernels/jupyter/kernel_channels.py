"""The sockets to one ipykernel: no thread, no task, no polling; messages are handed on as they arrive.

ZeroMQ's descriptor is edge-triggered, so the sockets are drained until empty after every wake-up and every
send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import zmq

from .wire import Channel, MalformedFrameError, Message, Wire

MESSAGE_LIMIT = 64 << 20
_BATCH = 200


class KernelChannels:
    """Connected to the kernel whose connection information is given."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        connection: Mapping[str, Any],
        on_message: Callable[[Channel, Message], None],
        on_malformed: Callable[[], None],
    ) -> None:
        self._wire = Wire(connection["key"])
        self._on_message = on_message
        self._on_malformed = on_malformed
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._sockets = {
            Channel.IOPUB: context.socket(zmq.SUB),
            Channel.SHELL: context.socket(zmq.DEALER),
            Channel.STDIN: context.socket(zmq.DEALER),
        }
        self._sockets[Channel.IOPUB].setsockopt(zmq.SUBSCRIBE, b"")
        for channel, socket in self._sockets.items():
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_LIMIT)
            socket.setsockopt(zmq.RECONNECT_IVL, 5)
            # Input requests are routed to the identity that sent the execute request.
            socket.setsockopt(zmq.IDENTITY, b"host")
            socket.connect(f"ipc://{connection['ip']}-{connection[f'{channel}_port']}")
            self._loop.add_reader(int(socket.getsockopt(zmq.FD)), self._drain)

    def send(
        self, channel: Channel, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any] | None = None
    ) -> str:
        """Sends a message and returns its id."""
        message_id, frames = self._wire.encode(kind, content, parent)
        self._sockets[channel].send_multipart(frames, zmq.NOBLOCK)
        self._loop.call_soon(self._drain)
        return message_id

    def close(self) -> None:
        """Closes the sockets; idempotent."""
        if self._closed:
            return
        self._closed = True
        for socket in self._sockets.values():
            self._loop.remove_reader(int(socket.getsockopt(zmq.FD)))
            socket.close()

    def _drain(self) -> None:
        for _ in range(_BATCH):
            if self._closed or not self._take_round():
                return
        self._loop.call_soon(self._drain)

    def _take_round(self) -> bool:
        """Takes one message from each channel; False when all are empty."""
        some = False
        for channel, socket in self._sockets.items():
            if self._closed:
                return False
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                continue
            some = True
            try:
                message = self._wire.decode(frames)
            except MalformedFrameError:
                if len(frames) > 1:  # a lone frame is the welcome of an XPUB socket
                    self._on_malformed()
                continue
            self._on_message(channel, message)
        return some
