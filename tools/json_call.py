"""Calls written as JSON: `{"name": ..., "arguments": {...}}`, read leniently and never trusted."""

from __future__ import annotations

import json
from typing import Any

from .tool_call import ToolCall

SHAPE = '{"name": "...", "arguments": {...}}'
_DECODER = json.JSONDecoder(strict=False)


class MalformedCallError(ValueError):
    """The text is no call; the message is meant for the model."""


def read_json_call(text: str, start: int) -> tuple[ToolCall, int]:
    """Reads the call that begins at or after `start`, and where it ends.

    Raises:
        MalformedCallError: If there is no call at that place.
    """
    while start < len(text) and text[start].isspace():
        start += 1
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise MalformedCallError(
            f"the call is not valid JSON ({error.msg}, character {error.pos - start})"
        ) from None
    except (ValueError, RecursionError):
        raise MalformedCallError("the call is not valid JSON (too deep or too long)") from None
    return _call_of(value), end


def render_json_call(call: ToolCall) -> str:
    """The call as JSON on one line."""
    value: dict[str, Any] = {"name": call.name, "arguments": dict(call.arguments)}
    return json.dumps(value, ensure_ascii=False)


def _call_of(value: object) -> ToolCall:
    if not isinstance(value, dict):
        raise MalformedCallError(f"the call must be a JSON object {SHAPE}")
    name, arguments = value.get("name"), value.get("arguments", {})
    if not isinstance(name, str) or not name:
        raise MalformedCallError(f'the call has no "name"; write {SHAPE}')
    if isinstance(arguments, str):
        arguments = _decoded(arguments)
    if not isinstance(arguments, dict):
        raise MalformedCallError(f'"arguments" must be a JSON object; write {SHAPE}')
    return ToolCall(name, arguments, str(value.get("id", "")))


def _decoded(arguments: str) -> object:
    """Arguments given as a string of JSON, as the chat-completions API does."""
    try:
        return _DECODER.decode(arguments)
    except (ValueError, RecursionError):
        return None
