"""An address that a server cannot listen on is refused before anything is started for the server."""

from __future__ import annotations

import socket

from ..usage_error import UsageError


def check_free(host: str, port: int) -> None:
    """Tries an address of this machine.

    Args:
        host: A name or an address.
        port: The port; 0 is any that is free.

    Raises:
        UsageError: If it cannot be listened on; the message says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (")[0].rstrip(".")
        raise UsageError(f"{host}:{port}: {reason}; give another --port or --host") from error
