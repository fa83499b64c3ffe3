"""X-Coder-SFT-376k (arXiv 2601.06953): questions with reasoning and answers, for supervised training.

These rows have no tests, so they become conversations, not tasks. The reasoning stays in the answer, between
`<think>` and `</think>`, unless it is asked to go.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from .bad_row import BadRow
from .contest_fields import digest
from .conversation import Conversation, Message
from .raw_row import RawRow
from .reader import read_rows
from .row_error import RowError, RowLeftOut
from .task_source import HubFiles, RowSource

_BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_END_OF_REASONING = "</think>"


class XCoderSubset(StrEnum):
    """The four parts of the set; they share questions."""

    HYBRID = "hybrid"
    """Questions with one to sixteen answers; what its models were trained on."""
    UNIQUE_PROMPT = "unique-prompt"
    """One answer a question."""
    VERIFIED = "verified"
    """Questions with exactly eight answers, which agree on generated tests."""
    MULTIPLE_SOLUTION = "multiple-solution"


XCODER_SFT = RowSource(
    name="xcoder-sft",
    title="X-Coder-SFT-376k",
    licence="MIT",
    files=HubFiles("IIGroup/X-Coder-SFT-376k"),
    splits={
        subset.value: tuple(
            f"*{subset.value.replace('-', '*')}*.{suffix}" for suffix in ("parquet", "jsonl*", "json")
        )
        for subset in XCoderSubset
    },
)


def xcoder_conversations(
    path: Path | str | None = None,
    *,
    subset: XCoderSubset | str = XCoderSubset.HYBRID,
    system: str | None = None,
    reasoning: bool = True,
    one_program: bool = False,
) -> Iterator[Conversation | BadRow]:
    """Reads a part of the set, one row at a time.

    Args:
        path: A local file or folder; the hub by default.
        subset: Which part.
        system: A system message to put first.
        reasoning: Whether answers keep what stands before `</think>`.
        one_program: Leave out answers that do not hold exactly one ```python block that parses, which is how
            the authors chose theirs.

    Raises:
        SourceError: If the subset is unknown, or no file is there.
        HubError: If the hub cannot be reached.
    """
    for row in read_rows(XCODER_SFT, path, split=str(subset)):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _conversation(row, system, reasoning, one_program)
        except RowError as error:
            left_out = isinstance(error, RowLeftOut)
            yield BadRow(row.file, row.number, error.field, str(error), left_out=left_out)


def _conversation(row: RawRow, system: str | None, reasoning: bool, one_program: bool) -> Conversation:
    query, response = row.text("query"), row.text("response")
    thought, ended, answer = response.rpartition(_END_OF_REASONING)
    if "<think>" in response and not ended:
        raise row.error("response", "its reasoning must end with </think>")
    if not answer.strip():
        raise row.error("response", "there must be an answer after the reasoning")
    if one_program and not _holds_one_program(answer):
        raise RowLeftOut("response", answer, "it must hold exactly one ```python block, and that must parse")
    head = (Message(role="system", content=system),) if system else ()
    told = response if reasoning else answer.strip()
    turns = (Message(role="user", content=query), Message(role="assistant", content=told))
    return Conversation(
        id=f"xcoder-sft/{digest(query + response)}",
        source="xcoder-sft",
        messages=(*head, *turns),
        tags=(row.split, "reasoning" if reasoning and thought else "answer"),
    )


def _holds_one_program(answer: str) -> bool:
    blocks = _BLOCK.findall(answer)
    if len(blocks) != 1:
        return False
    try:
        ast.parse(blocks[0])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
