"""An error as one short line, for findings."""

from __future__ import annotations

_LONGEST = 160


def fault_line(error: Exception) -> str:
    """Kind and message, without line breaks, cut where they are long."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
