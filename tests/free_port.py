"""A port for a server that is started later, of those that nobody is given unasked.

The system hands out the ports of its own range to every connection and to every listener that asks for any,
and Ray those from 10002 to 19999 to its workers: one that was free there may be gone when the server that it
was meant for has started.
"""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path

_LOWEST = 20_000
_TRIES = 100


def free_port() -> int:
    """A port of this machine that nobody listens on.

    Raises:
        AssertionError: If none was found.
    """
    end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert end > _LOWEST, f"the system gives out all ports from {end} on"
    system = random.SystemRandom()
    for _ in range(_TRIES):
        port = system.randrange(_LOWEST, end)
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port
    raise AssertionError(f"no free port among {_TRIES} from {_LOWEST} to {end}")
