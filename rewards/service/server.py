"""Serves the application over HTTP until it is told to end; what runs then is answered first."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import uvicorn

from .app import make_app
from .problem import Problem
from .service_settings import ServiceSettings, ServiceSettingsError

_GRACE_SECONDS = 30


def check_address(host: str, *, has_key: bool, open_to_all: bool) -> None:
    """Refuses an address that strangers reach, unless there is a key or it is meant that way.

    Raises:
        ServiceSettingsError: If it is refused; the message says what to do.
    """
    if not (has_key or open_to_all or _is_loopback(host)):
        raise ServiceSettingsError(
            f"host={host!r}: whoever reaches it can run code here; set a key (--api-key-env), keep to "
            "127.0.0.1, or say --open-to-all"
        )


def serve(
    settings: ServiceSettings, host: str, port: int, task_sets: Mapping[str, Sequence[Problem]] | None = None
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        settings: What it may use.
        host: The address to listen on.
        port: The port; 0 takes a free one, which the log names.
        task_sets: Name -> tasks that clients can ask for and submit to.
    """
    serve_app(make_app(settings, task_sets), host, port)


def serve_app(app: Any, host: str, port: int) -> None:
    """Serves any ASGI application until SIGTERM or Ctrl-C.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port; 0 takes a free one, which the log names.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="info",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=4096,
    )
    # The server raises the signal again that ended it, for the handler that was there before.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(socket.gethostbyname(host) if ":" not in host else host).is_loopback
    except (OSError, ValueError):
        return False
