"""Messages with descriptors between the trusted processes of one slot, each in one piece."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any

_MESSAGE_BYTES = 1 << 16
_MAX_FDS = 8
_FLAGS = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def channel() -> tuple[socket.socket, socket.socket]:
    """Two connected ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
    """Sends one message, with copies of descriptors.

    Raises:
        OSError: If the other side is gone.
    """
    data = json.dumps(message).encode()
    if fds:
        socket.send_fds(end, [data], list(fds))
    else:
        end.send(data)


def receive(end: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Waits for one message.

    Returns:
        The message, None when the other side is gone, and the descriptors, which the caller has to close.
    """
    try:
        data, fds, _, _ = socket.recv_fds(end, _MESSAGE_BYTES, _MAX_FDS, _FLAGS)
    except ConnectionError:
        return None, []
    return (json.loads(data) if data else None), list(fds)


def close_all(fds: Iterable[int]) -> None:
    """Closes descriptors."""
    for fd in fds:
        os.close(fd)
