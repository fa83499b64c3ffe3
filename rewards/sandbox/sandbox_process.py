"""The way from the warm process to a sandbox: makes its PID namespace and stays behind as its parent."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from ...kernels.inside import privileges
from ...kernels.inside.sandbox import CLONE_NEWPID
from ...kernels.inside.system_calls import call
from . import zygote
from .walls import SlotOrders

_CONTROL_FD = 3


def main(argument: dict[str, Any]) -> None:
    """Becomes the first process of a sandbox, or its parent; the socket at descriptor 3 gives the orders."""
    orders = SlotOrders.parse(argument)
    if orders.alone:
        call("unshare", CLONE_NEWPID)
        pid = os.fork()
        if pid != 0:
            os.close(_CONTROL_FD)
            os.waitpid(pid, 0)
            return
        privileges.die_with_parent(signal.SIGKILL)
    zygote.live(socket.socket(fileno=_CONTROL_FD), orders)
