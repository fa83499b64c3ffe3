"""An endpoint that cannot be used."""

from __future__ import annotations


class EndpointError(RuntimeError):
    """The endpoint does not work; one line that names the URL and the fix."""


class EndpointSettingError(EndpointError):
    """What was said about the endpoint is wrong: its address, its key or its model."""
