"""Text as a model should read it."""

from __future__ import annotations

import re

TRACEBACK_LIMIT = 16_000
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def without_colours(text: str) -> str:
    """The text without a terminal's escape sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text
