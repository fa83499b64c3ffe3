"""The end of what a process wrote down before it died."""

from __future__ import annotations

from pathlib import Path

_TAIL_BYTES = 8192


def last_lines(path: Path, count: int = 1) -> str:
    """The last lines of a text file, without empty ones at its end; nothing when it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])
