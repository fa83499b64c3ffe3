"""Tool calls that an endpoint gives apart from the text of a message, as text, and back.

Inside the project a message is one text. Calls of the chat-completions API stand at its end, each between
tags that carry the call's id; what the model said comes before them and cannot spell such a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

_OPEN = '<tool_call id="'
_BLOCK = re.compile(r'<tool_call id="([^"\n<>]*+)">\n([^\n]*+)\n</tool_call>\n?')
_ODD = re.compile(r'[^ -~]|["<>]')


@dataclass(frozen=True, slots=True)
class NativeCall:
    """One call as the API has it."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it; it need not be valid."""


def with_calls(content: str, calls: Sequence[NativeCall]) -> str:
    """The message as one text."""
    said = content.replace(_OPEN, "<tool-call id='").strip()
    blocks = [f'{_OPEN}{_ODD.sub("_", call.id)}">\n{_line(call)}\n</tool_call>' for call in calls]
    return "\n".join(part for part in (said, *blocks) if part)


def split_calls(text: str) -> tuple[str, tuple[NativeCall, ...]]:
    """What a message says, and the calls at its end; none where it does not end with such calls."""
    start = text.find(_OPEN)
    place, calls = start, []
    while start >= 0 and place < len(text):
        block = _BLOCK.match(text, place)
        call = _read(block[1], block[2]) if block else None
        if block is None or call is None:
            return text, ()
        calls.append(call)
        place = block.end()
    return (text[:start].strip(), tuple(calls)) if calls else (text, ())


def _line(call: NativeCall) -> str:
    """Name and arguments on one line; arguments that are no JSON object stay a string."""
    arguments: object
    try:
        arguments = json.loads(call.arguments or "{}", strict=False)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        arguments = call.arguments
    return json.dumps({"name": call.name, "arguments": arguments}, ensure_ascii=False)


def _read(identity: str, line: str) -> NativeCall | None:
    try:
        call = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match call:
        case {"name": str(name), "arguments": str(arguments)}:
            return NativeCall(identity, name, arguments)
        case {"name": str(name), "arguments": dict(arguments)}:
            return NativeCall(identity, name, json.dumps(arguments, ensure_ascii=False))
    return None
