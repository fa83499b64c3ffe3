"""Conversations as ms-swift reads them, for those who train with it.

A row is `{messages, tools}`. Where tools travel beside the messages, calls are messages of role `tool_call`
with JSON in them and swift's agent template writes the tags; elsewhere calls are part of the text, as the
system message of the environment asks for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...envs.task_sources.conversation import Conversation, Message
from ...envs.whole_file import whole_file
from ...tools.formats.hermes_parser import HermesParser
from ...tools.formats.hermes_syntax import OPEN
from ...tools.formats.json_call import render_json_call

_PARSER = HermesParser()


def swift_row(conversation: Conversation) -> dict[str, Any]:
    """One line of a swift data set."""
    if not conversation.tool_schemas:
        return {"messages": [_plain(message) for message in conversation.messages]}
    messages = [part for message in conversation.messages for part in _parts(message)]
    tools = [schema if "function" in schema else {"type": "function", "function": schema}
             for schema in conversation.tool_schemas]  # fmt: skip
    return {"messages": messages, "tools": json.dumps(tools, ensure_ascii=False)}


def write_swift(conversations: Iterable[Conversation], path: Path) -> int:
    """Writes JSON lines; the file is whole or not there.

    Returns:
        The number of rows.
    """
    count = 0
    with whole_file(path) as beside, beside.open("w", encoding="utf-8") as file:
        for conversation in conversations:
            file.write(json.dumps(swift_row(conversation), ensure_ascii=False) + "\n")
            count += 1
    return count


def _parts(message: Message) -> Iterator[Mapping[str, str]]:
    """A message, its calls apart; one whose calls cannot be read stays as it is."""
    action = _PARSER.parse(message.content) if message.role == "assistant" else None
    if action is None or not action.calls:
        yield _plain(message)
        return
    said = message.content[: message.content.index(OPEN)].strip() if OPEN in message.content else ""
    if said:
        yield {"role": "assistant", "content": said}
    for call in action.calls:
        yield {"role": "tool_call", "content": render_json_call(call)}


def _plain(message: Message) -> Mapping[str, str]:
    return {"role": "tool_response" if message.role == "tool" else message.role, "content": message.content}
