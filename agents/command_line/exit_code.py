"""What a command says with its exit code; a low score is no error."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 to 3; signals add 128 to their number."""

    DONE = 0
    FAULT = 1
    """The machine broke."""
    USAGE = 2
    """What was typed cannot be used."""
    ENDPOINT = 3
    """The model's endpoint failed."""
    INTERRUPTED = 130
    CLOSED_PIPE = 141
