"""`replgym serve openenv`: the environment for clients of OpenEnv."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from ..usage_error import UsageError
from .listening_address import check_free

_TAKES = {"command", "run", "service", "host", "port", "open_to_all", "sessions", "settings"}
_SESSIONS = 16


def serve_openenv(arguments: argparse.Namespace, default: Callable[[str], Any]) -> None:
    """Serves until it is told to end.

    Args:
        arguments: Those of `replgym serve`.
        default: The default of an argument by its name.

    Raises:
        UsageError: If a value cannot be used, or is not for this service.
        ConfigError: If a setting is not allowed.
    """
    try:
        from ...rewards.service.server import check_address, serve_app
        from ...rewards.service.service_settings import ServiceSettingsError
        from ..adapters.openenv import make_app
    except ModuleNotFoundError as error:
        raise UsageError(
            f"`replgym serve openenv` needs {error.name}: pip install 'replgym[openenv]'"
        ) from error
    for name in sorted(vars(arguments).keys() - _TAKES):
        if getattr(arguments, name) != default(name):
            raise UsageError(f"--{name.replace('_', '-')} is for `replgym serve judge`; leave it out")
    try:
        check_address(arguments.host, has_key=False, open_to_all=arguments.open_to_all)
    except ServiceSettingsError as error:
        raise UsageError(
            f"--host {arguments.host}: whoever reaches it can run code here; keep to 127.0.0.1, "
            "or say --open-to-all"
        ) from error
    sessions = _SESSIONS if arguments.sessions is None else arguments.sessions
    if sessions < 1:
        raise UsageError(f"--sessions {sessions}: give at least 1")
    app = make_app(sessions=sessions, **_settings(arguments.settings))
    check_free(arguments.host, arguments.port)
    serve_app(app, arguments.host, arguments.port)


def _settings(text: str | None) -> dict[str, Any]:
    try:
        settings = json.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"--settings {text}: {error}; give a JSON object") from error
    if not isinstance(settings, dict):
        raise UsageError(f"--settings {text}: give a JSON object")
    return settings
