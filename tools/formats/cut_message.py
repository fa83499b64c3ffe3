"""Messages from which an engine has cut the stop text."""

from __future__ import annotations

from collections.abc import Callable

from ..tool_call import ParsedAction


def restored(text: str, endings: tuple[str, ...], parse: Callable[[str], ParsedAction]) -> str:
    """The text with the first of the endings that makes its call whole; the text itself where none does."""
    action = parse(text)
    if action.calls and not action.repaired:
        return text
    wholes = [text + ending for ending in endings]
    mended = [(whole, parsed) for whole in wholes if (parsed := parse(whole)).calls]
    well_formed = next((whole for whole, parsed in mended if not parsed.repaired), None)
    if well_formed is not None or action.calls:
        return well_formed or text
    return mended[0][0] if mended else text
