"""Between a conversation in text and the native tool calls of the chat-completions API.

Inside the project a message is one text, at whose end stand the calls that an endpoint gave apart from it. At
the border they become `tool_calls` entries with the endpoint's own ids, and each observation that follows
becomes the answer to one of these ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from ...tools.formats.native_calls import NativeCall, split_calls

_NOT_CARRIED_OUT = "not carried out: a message may not make so many calls"


def native_messages(messages: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The conversation with tool calls and their answers in the form of the API.

    Every call gets an answer, as the API demands: observations answer the open calls in order, and calls that
    are still open then were not carried out. Observations that answer no call come from the user.
    """
    converted: list[dict[str, Any]] = []
    open_calls: list[str] = []
    plain: list[Mapping[str, str]] = []
    for message in messages:
        if message["role"] == "tool" and open_calls:
            converted.append(_answer(open_calls.pop(0), message["content"]))
            continue
        if message["role"] == "tool":
            plain.append(message)
            continue
        converted += [*_unanswered(open_calls), *plain_messages(plain)]
        open_calls, plain = [], []
        if message["role"] == "assistant":
            native = _assistant(message["content"])
            open_calls = [call["id"] for call in native.get("tool_calls", ())]
            converted.append(native)
        else:
            converted += plain_messages([message])
    return [*converted, *_unanswered(open_calls), *plain_messages(plain)]


def plain_messages(messages: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The messages without the role `tool`: answers of tools come from the user, in Hermes tags."""
    plain: list[dict[str, str]] = []
    for answers, group in groupby(messages, key=lambda message: message["role"] == "tool"):
        if answers:
            content = "\n".join(f"<tool_response>\n{each['content']}\n</tool_response>" for each in group)
            plain.append({"role": "user", "content": content})
        else:
            plain += [{"role": each["role"], "content": each["content"]} for each in group]
    return plain


def _assistant(content: str) -> dict[str, Any]:
    """A message of the model; calls stay text if any has arguments that an endpoint would refuse."""
    said, calls = split_calls(content)
    if not calls or not all(_is_object(call.arguments) for call in calls):
        return {"role": "assistant", "content": content}
    return {"role": "assistant", "content": said, "tool_calls": [_entry(call) for call in calls]}


def _entry(call: NativeCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments or "{}"},
    }


def _is_object(text: str) -> bool:
    try:
        return not text or isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _answer(call: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": content}


def _unanswered(calls: Sequence[str]) -> list[dict[str, Any]]:
    return [_answer(call, _NOT_CARRIED_OUT) for call in calls]
