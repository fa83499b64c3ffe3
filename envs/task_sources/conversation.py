"""A written-out conversation to learn from, as supervised training reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..whole_file import whole_file

_BATCH = 64


class Message(BaseModel):
    """One turn. Tool calls are part of the content, in the tags that the model itself would write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Conversation(BaseModel):
    """A chat that ends with what a model should have said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    source: str
    messages: tuple[Message, ...] = Field(min_length=2)
    tool_schemas: tuple[dict[str, Any], ...] = ()
    """OpenAI schemas of tools that the chat template shows; empty where the system message tells of them."""
    tags: tuple[str, ...] = ()

    @field_validator("tool_schemas", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        """Schemas as parquet files have them."""
        return json.loads(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _can_be_learnt(self) -> Self:
        roles = [message.role for message in self.messages]
        if roles[-1] != "assistant":
            raise ValueError(f"the last message is of role {roles[-1]!r}; it must be the assistant's")
        if roles[0] not in ("system", "user"):
            raise ValueError(
                f"the first message is of role {roles[0]!r}; it must be the system's or the user's"
            )
        if ("assistant", "assistant") in pairwise(roles):
            raise ValueError("two messages of the assistant follow each other; one must answer the other")
        return self


def write_conversations(conversations: Iterable[Conversation], path: Path) -> int:
    """Writes rows `{id, source, messages, tool_schemas, tags}`; schemas are JSON text in parquet.

    Args:
        conversations: What to write, a batch in memory at a time.
        path: A `.parquet` or a `.jsonl` file; it is written beside its place first, so that it is whole or
            not there.

    Returns:
        The number of rows.

    Raises:
        ValueError: If the suffix is another one.
    """
    if path.suffix not in (".parquet", ".jsonl"):
        raise ValueError(f"{path}: conversations are written to .parquet or .jsonl")
    write = _write_parquet if path.suffix == ".parquet" else _write_lines
    with whole_file(path) as beside:
        return write(conversations, beside)


def _write_lines(conversations: Iterable[Conversation], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for conversation in conversations:
            file.write(conversation.model_dump_json(ensure_ascii=True) + "\n")
            count += 1
    return count


def _write_parquet(conversations: Iterable[Conversation], path: Path) -> int:
    import pyarrow
    import pyarrow.parquet

    text = pyarrow.string()
    message = pyarrow.struct({"role": text, "content": text})
    columns = {
        "id": text,
        "source": text,
        "messages": pyarrow.list_(message),
        "tool_schemas": text,
        "tags": pyarrow.list_(text),
    }
    schema, count, left = pyarrow.schema(columns), 0, iter(conversations)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := [_parquet_row(each) for each in islice(left, _BATCH)]:
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))
            count += len(batch)
    return count


def _parquet_row(conversation: Conversation) -> dict[str, Any]:
    row = conversation.model_dump(mode="json")
    return {**row, "tool_schemas": json.dumps(row["tool_schemas"], ensure_ascii=False)}
