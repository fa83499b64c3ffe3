"""What a person typed cannot be used."""

from __future__ import annotations


class UsageError(ValueError):
    """One line that names the value, what is allowed and the fix; it ends a command before it starts."""
