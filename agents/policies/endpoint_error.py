"""An endpoint that cannot be used."""

from __future__ import annotations


class EndpointError(RuntimeError):
    """The endpoint cannot be used as configured; one line that names the URL and the fix."""
