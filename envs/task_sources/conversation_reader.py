"""Reads conversations to learn from: files that this project wrote, and chats in the form of OpenAI.

A row is `{messages}` and whatever else of a `Conversation` it has. Calls that stand apart from the text, as
`tool_calls`, become part of it, in the tags that models with such chat templates write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...tools.formats.hermes_syntax import render_hermes_call
from ...tools.tool_call import ToolCall
from .bad_row import BadRow
from .conversation import Conversation
from .raw_row import RawRow
from .row_error import RowError
from .row_files import rows_of_file


def read_conversations(paths: Iterable[Path]) -> Iterator[Conversation | BadRow]:
    """Reads files one row at a time.

    Args:
        paths: `.parquet`, `.jsonl` or `.json` files.

    Yields:
        Conversations, and rows that are none, in the order of the files.

    Raises:
        FileNotFoundError: If a file is not there.
        UnknownFormatError: If one has another suffix.
    """
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there; name a file of conversations")
        for found in rows_of_file(path):
            try:
                if isinstance(found.values, RowError):
                    raise found.values
                yield _conversation(RawRow(found.values, path.name, found.number))
            except RowError as error:
                yield BadRow(path.name, found.number, error.field, str(error), found.excerpt)


def _conversation(row: RawRow) -> Conversation:
    messages = [_message(row, number) for number in range(len(row.items("messages")))]
    schemas = row.decoded("tool_schemas" if row.has("tool_schemas") else "tools")
    source = row.text_or("source", Path(row.file).stem)
    try:
        return Conversation.model_validate(
            {
                "id": row.text_or("id") or f"{source}/{row.number}",
                "source": source,
                "messages": messages,
                "tool_schemas": schemas or (),
                "tags": row.texts("tags"),
            }
        )
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"])) or "messages"
        raise RowError(field, fault["input"], fault["msg"].removeprefix("Value error, ")) from error


def _message(row: RawRow, number: int) -> dict[str, Any]:
    message = row.items("messages")[number]
    if not isinstance(message, Mapping):
        raise row.error("messages", "it must be a list of objects with role and content")
    inner = RawRow(message, row.file, row.number, within=f"messages.{number}.")
    calls = [_call(inner, call) for call in inner.items("tool_calls")]
    return {
        "role": message.get("role"),
        "content": "\n".join(filter(None, [inner.text_or("content"), *calls])),
    }


def _call(message: RawRow, call: Any) -> str:
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise message.error("tool_calls", "each call needs a function with a name")
    arguments = RawRow(function, within=f"{message.within}tool_calls.").decoded("arguments")
    if not isinstance(arguments, Mapping):
        raise message.error("tool_calls", "the arguments of each call must be a JSON object")
    return render_hermes_call(ToolCall(function["name"], arguments))
