"""Tasks as parquet rows in verl's common schema, written in batches.

`reward_model.ground_truth` is JSON text: our `Tests`, or the form that Code-R1's scorer reads.
`extra_info.task` is the task as JSON text, without the tests where the ground truth holds them, so that
nothing is stored twice; it is no nested column, since parquet gives every row the fields of all rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..task import Task
from ..task_sources.ground_truth import code_r1_ground_truth
from ..whole_file import whole_file

_BATCH_ROWS = 64
_BATCH_CHARACTERS = 32_000_000


class GroundTruth(StrEnum):
    """How tests are written in a row."""

    TESTS = "tests"
    """JSON text of `Tests`; every kind, nothing lost."""
    CODE_R1 = "code-r1"
    """`{"functional"}`, `{"pytest"}` or `{"inputs", "outputs"}`; the task travels whole beside it."""


class GroundTruthError(ValueError):
    """Tests have no equal in the form that was asked for."""


def verl_row(
    task: Task,
    messages: Sequence[Mapping[str, str]],
    *,
    index: int,
    split: str,
    ground_truth: GroundTruth = GroundTruth.TESTS,
    agent_name: str,
) -> dict[str, Any]:
    """Makes the row of a task.

    Args:
        task: The task; its reference and wrong solutions stay out of the row.
        messages: What the model is asked.
        index: The place of the row in its file.
        split: `train` or `test`.
        ground_truth: How tests are written.
        agent_name: The agent loop that plays the row.

    Raises:
        GroundTruthError: If the tests have no equal in that form.
    """
    told = task.model_dump(mode="json", exclude={"reference", "wrong", "tests"})
    tests = task.tests.model_dump()  # as Python values: in pydantic's JSON a NaN is null
    truth = tests if ground_truth is GroundTruth.TESTS else code_r1_ground_truth(task.tests)
    if truth is None:
        raise GroundTruthError(f"{task.id}: {task.tests.kind} tests with this comparison have no such form")
    if ground_truth is not GroundTruth.TESTS:
        told["tests"] = tests
    extra = {"index": index, "split": split, "difficulty": task.metadata.difficulty, "task_id": task.id}
    return {
        "data_source": task.metadata.source,
        "prompt": [dict(message) for message in messages],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
        "extra_info": {**extra, "task": json.dumps(told)},
        "agent_name": agent_name,
    }


def write_parquet(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Writes rows in batches, beside the file first, so that it is whole or not there.

    Returns:
        The number of rows.
    """
    import pyarrow
    import pyarrow.parquet

    text = pyarrow.string()
    message = pyarrow.struct({"role": text, "content": text})
    extra = {"index": pyarrow.int64(), **dict.fromkeys(("split", "difficulty", "task_id", "task"), text)}
    columns = {
        "data_source": text,
        "prompt": pyarrow.list_(message),
        "ability": text,
        "reward_model": pyarrow.struct({"style": text, "ground_truth": text}),
        "extra_info": pyarrow.struct(extra),
        "agent_name": text,
    }
    schema, count = pyarrow.schema(columns), 0
    with (
        whole_file(path) as beside,
        pyarrow.parquet.ParquetWriter(beside, schema, compression="zstd") as writer,
    ):
        for batch in _batches(rows):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Lists of rows that are bounded by number and by size."""
    batch: list[Mapping[str, Any]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += len(row["reward_model"]["ground_truth"]) + len(row["extra_info"]["task"])
        if len(batch) == _BATCH_ROWS or characters > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
