"""The trusted process that holds the tests, asks the candidate's process and reports every outcome.

To the host it says, in this order: how many tests there are, every outcome, and that the end was reached. A
verdict without that last word is none. The only thing that it takes from the candidate is data (see `codec`).
"""

from __future__ import annotations

import functools
import os
import resource
import socket
from typing import Any

from .confinement import die_with_parent, hide_memory
from .examiner import examine
from .frames import receive_frame, send_frame


def main(argument: dict[str, Any]) -> None:
    """Examines one submission.

    Args:
        argument: `host_fd` and `candidate_fd` (sockets), `memory` (bytes).
    """
    hide_memory()
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (argument["memory"], argument["memory"]))
    host = socket.socket(fileno=argument["host_fd"])
    candidate = socket.socket(fileno=argument["candidate_fd"])
    examine(receive_frame(host), _OneCandidate(candidate), functools.partial(send_frame, host))
    os._exit(0)


class _OneCandidate:
    """The one process that was started along with this one."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel: socket.socket | None = channel

    def fresh(self) -> socket.socket:
        """The channel, once."""
        channel, self._channel = self._channel, None
        if channel is None or receive_frame(channel) != {"ready": True}:
            raise OSError("the candidate's process did not start")
        return channel
