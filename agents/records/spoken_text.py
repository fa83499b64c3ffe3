"""What a message says beside the cells that it ran."""

from __future__ import annotations

import re

from ..rollouts.episode import Turn

_FENCE = re.compile(r"^```[^\n]*\n(.*?)(?:^```[^\S\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"<(tool_call|function_calls)>.*?(?:</\1>|\Z)", re.DOTALL)


def spoken_text(turn: Turn) -> str:
    """The message of a turn without its cells and its calls in tags; as it is where it ran none."""
    cells = {cell.strip() for cell in turn.code}
    if not cells:
        return turn.action.strip()
    if turn.action.strip() in cells:
        return ""

    def kept(block: re.Match[str]) -> str:
        return "" if block[1].strip() in cells else block[0]

    return _CALL.sub("", _FENCE.sub(kept, turn.action)).strip()
