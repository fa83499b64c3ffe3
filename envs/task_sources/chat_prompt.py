"""The question in a row whose prompt is a chat."""

from __future__ import annotations

from collections.abc import Mapping

from .raw_row import RawRow


def last_user_message(row: RawRow, field: str = "prompt") -> str:
    """The last message of the user; a prompt that is a plain text is that message.

    Raises:
        RowError: If there is none, or the field is no chat.
    """
    value = row.values.get(field)
    messages = value if isinstance(value, list | tuple) else [{"role": "user", "content": value}]
    for message in reversed(messages):
        if not isinstance(message, Mapping):
            break
        content = message.get("content")
        if message.get("role") == "user" and isinstance(content, str) and content.strip():
            return content
    raise row.error(field, "it must be a list of messages {role, content} with one of the user")
