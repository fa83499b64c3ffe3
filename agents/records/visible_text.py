"""Texts of a run as a terminal may show them: nothing moves the cursor, hides or turns text around."""

from __future__ import annotations

import re

_COMMANDS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible_text(text: str) -> str:
    """Without commands for terminals, and with characters that cannot be seen made visible."""
    return _HIDDEN.sub(_picture, _COMMANDS.sub("", text).replace("\r\n", "\n"))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
