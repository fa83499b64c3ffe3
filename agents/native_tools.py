"""Between a conversation in text and the native tool calls of the chat-completions API.

Inside the project a tool call is text (`<tool_call>{...}</tool_call>`), so that one parser serves every
engine. At the border it becomes a `tool_calls` entry with an id, and each observation that follows becomes
the answer to one of these ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


def calls_as_text(content: str, calls: Sequence[tuple[str, str]]) -> str:
    """The message of a model as text.

    Args:
        content: What the model wrote beside its calls.
        calls: Name and JSON arguments of each call; arguments that are no JSON stay as they are, for the
            parser to refuse.
    """
    blocks = [
        f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": {text}}}\n</tool_call>'
        for name, text in calls
    ]
    return "\n".join(part for part in (content.strip(), *blocks) if part)


def native_messages(messages: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The conversation with tool calls and their answers in the form of the API.

    Every call gets an answer, as the API demands: observations answer the open calls in order, and the last
    observation holds whatever calls are still open.
    """
    converted: list[dict[str, Any]] = []
    open_calls: list[str] = []
    for message in messages:
        content = message["content"]
        if message["role"] == "assistant":
            converted.extend(_unanswered(open_calls))
            native = _assistant(content, first=len(converted))
            open_calls = [call["id"] for call in native.get("tool_calls", ())]
            converted.append(native)
        elif open_calls:
            converted.append({"role": "tool", "tool_call_id": open_calls.pop(0), "content": content})
        else:
            converted.append(plain_message(message))
    return [*converted, *_unanswered(open_calls)]


def plain_message(message: Mapping[str, str]) -> dict[str, Any]:
    """A message without native calls: observations come from the user, in Hermes tags."""
    if message["role"] == "tool":
        return {"role": "user", "content": f"<tool_response>\n{message['content']}\n</tool_response>"}
    return {"role": message["role"], "content": message["content"]}


def _assistant(content: str, first: int) -> dict[str, Any]:
    calls = []
    for number, match in enumerate(_CALL.finditer(content)):
        try:
            call = json.loads(match[1])
            function = {"name": str(call["name"]), "arguments": json.dumps(call["arguments"])}
        except (ValueError, KeyError):
            return {"role": "assistant", "content": content}
        calls.append({"id": f"call_{first}_{number}", "type": "function", "function": function})
    if not calls:
        return {"role": "assistant", "content": content}
    return {"role": "assistant", "content": _CALL.sub("", content).strip(), "tool_calls": calls}


def _unanswered(calls: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": "tool", "tool_call_id": call, "content": "see the other answers"} for call in calls]
