"""Messages from which an engine has cut the stop text."""

from __future__ import annotations

from collections.abc import Callable

from .tool_call import ParsedAction


def restored(text: str, endings: tuple[str, ...], parse: Callable[[str], ParsedAction]) -> str:
    """The text with the first of the endings that makes its call whole; the text itself where none does."""
    action = parse(text)
    if action.calls and not action.repaired:
        return text
    for ending in endings:
        whole = text.rstrip("\n") + ending
        mended = parse(whole)
        if mended.calls and not mended.repaired and not mended.left_out:
            return whole
    return text
