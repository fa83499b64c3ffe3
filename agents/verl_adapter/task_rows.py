"""Tasks as rows of verl's parquet schema for our agent loop, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...envs.task import Task
from ...envs.task_data.verl_rows import verl_row, write_parquet
from ...envs.task_sources.raw_row import RawRow
from ...envs.task_sources.task_files import task_of_verl_row
from .names import AGENT_NAME


def write_rows(
    tasks: Iterable[Task], messages: Mapping[str, Sequence[Mapping[str, str]]], path: Path, *, split: str
) -> int:
    """Writes one row a task.

    Args:
        tasks: What to write.
        messages: The first messages of each task's episode, by task id.
        path: The parquet file.
        split: What the rows are for, as `TRAIN` or `HELDOUT`; kept in `extra_info`.

    Returns:
        The number of rows.
    """
    rows = (
        verl_row(task, messages[task.id], index=index, split=split, agent_name=AGENT_NAME)
        for index, task in enumerate(tasks)
    )
    return write_parquet(rows, path)


def task_of_row(row: Mapping[str, Any]) -> Task:
    """The task of a row as verl hands it to an agent loop: ours, or one of Code-R1 and its forks.

    Args:
        row: The columns; `raw_prompt` stands for `prompt`, as verl renames it.

    Raises:
        RowError: If its tests cannot be read.
    """
    messages = row.get("raw_prompt", row.get("prompt"))
    return task_of_verl_row(RawRow({**row, "prompt": None if messages is None else list(messages)}))
