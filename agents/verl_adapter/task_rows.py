"""Tasks as rows of verl's parquet schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...envs.task import Task
from .names import AGENT_NAME


def write_rows(
    tasks: Iterable[Task], messages: Mapping[str, Sequence[Mapping[str, str]]], path: Path, *, split: str
) -> int:
    """Writes one row a task.

    Args:
        tasks: What to write; a task travels as JSON in `extra_info`, since nested columns lose missing keys.
        messages: The first messages of each task's episode, by task id.
        path: The parquet file.
        split: `train` or `test`, kept in `extra_info`.

    Returns:
        The number of rows.
    """
    import pyarrow
    import pyarrow.parquet

    rows: list[dict[str, Any]] = [
        {
            "data_source": task.metadata.source,
            "prompt": [dict(message) for message in messages[task.id]],
            "ability": "code",
            "reward_model": {"style": "rule", "ground_truth": ""},
            "extra_info": {"index": index, "split": split, "task": task.model_dump_json()},
            "agent_name": AGENT_NAME,
        }
        for index, task in enumerate(tasks)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return len(rows)
