"""Whether processes at the other end of a socket can be signalled from here.

They cannot where this process lives in a PID namespace that does not hold them, such as that of a container
that was given the socket of its host's Docker engine.
"""

from __future__ import annotations

import socket
import struct

_PEER = struct.Struct("3i")


def require_reach(control: socket.socket) -> None:
    """Checks a connected Unix socket.

    Raises:
        OSError: If the other end has no number in the PID namespace of this process.
    """
    pid, _, _ = _PEER.unpack(control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    if pid == 0:
        raise OSError(
            "its processes cannot be signalled from here, since this process runs in a container or PID "
            "namespace of its own; give that one the host's processes (docker run --pid=host)"
        )
