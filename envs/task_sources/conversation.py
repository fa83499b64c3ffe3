"""A written-out conversation to learn from, as supervised training reads it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_BATCH = 64


class Message(BaseModel):
    """One turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str


class Conversation(BaseModel):
    """A chat that ends with what a model should have said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    source: str
    messages: tuple[Message, ...] = Field(min_length=2)
    tags: tuple[str, ...] = ()


def write_conversations(conversations: Iterable[Conversation], path: Path) -> int:
    """Writes rows `{id, source, messages, tags}`, which verl's multi-turn SFT data set and others read.

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
    beside = path.with_name(f"{path.name}.part")
    write = _write_parquet if path.suffix == ".parquet" else _write_lines
    try:
        count = write(conversations, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


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
    columns = {"id": text, "source": text, "messages": pyarrow.list_(message), "tags": pyarrow.list_(text)}
    schema, count, left = pyarrow.schema(columns), 0, iter(conversations)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := [each.model_dump(mode="json") for each in islice(left, _BATCH)]:
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))
            count += len(batch)
    return count
