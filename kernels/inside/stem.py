"""A silent copy of a kernel, from which its branches grow.

Landlock layers only ever add up, so a process cannot be kept from the files of a copy that is forked from
it later. Therefore the first fork of a kernel leaves a stem behind, a copy without a layer of its own; kernel
and branches put on theirs, and are out of reach of each other. The stem runs no cell, serves any number of
forks, and ends when the kernel runs the next cell, which makes it outdated.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterable
from typing import Any

from .system_calls import prctl

_PR_SET_CHILD_SUBREAPER = 36
_ORDER_LIMIT = 1 << 16
_MAX_FDS = 16


def adopt_orphans(yes: bool) -> None:
    """Whether what this process starts, and loses sight of, stays below it."""
    prctl(_PR_SET_CHILD_SUBREAPER, int(yes))


class Stem:
    """The kernel's end of the socket to its stem."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def order(self, request: dict[str, Any], descriptors: list[int]) -> bool:
        """Has it fork a branch; False when it is gone."""
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Ends the stem."""
        self._socket.close()


def grow(given_up: Iterable[int]) -> Stem | tuple[dict[str, Any], list[int]]:
    """Forks the stem.

    Args:
        given_up: Descriptors of the kernel that the stem does not keep.

    Returns:
        In the kernel, the stem. In every branch, the order that it was forked by.

    Raises:
        OSError: If there is no room for another process.
    """
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        adopt_orphans(False)
        is_stem = fork_away()
    except OSError:
        near.close()
        far.close()
        raise
    finally:
        adopt_orphans(True)
    if not is_stem:
        far.close()
        return Stem(near)
    try:
        near.close()
        adopt_orphans(False)
        for descriptor in given_up:
            os.close(descriptor)
        return _wait_for_orders(far)
    except BaseException:  # noqa: BLE001 - the boundary of a process that must never act as the kernel
        os._exit(1)


def fork_away() -> bool:
    """Forks a process that is nobody's child but the keeper's; True in that process.

    Raises:
        OSError: If there is no room for another process.
    """
    middle = os.fork()
    if middle != 0:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(middle, 0)[1] != 0:
                raise OSError(11, "no process can be forked")
        return False
    middle = os.getpid()
    try:
        if os.fork() != 0:
            os._exit(0)
    except OSError:
        os._exit(1)
    while os.getppid() == middle:
        time.sleep(0.0001)
    os.setsid()
    return True


def _wait_for_orders(far: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Runs the stem; returns in its branches alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        data, descriptors, _, _ = socket.recv_fds(far, _ORDER_LIMIT, _MAX_FDS)
        if not data:
            os._exit(0)
        with contextlib.suppress(OSError):  # no room for a process: the host sees its socket closed
            if fork_away():
                far.close()
                adopt_orphans(True)
                return json.loads(data), descriptors
        for descriptor in descriptors:
            os.close(descriptor)
