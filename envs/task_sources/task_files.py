"""Files of tasks in any of three forms, told apart row by row.

Tasks as this project writes them (JSON lines of `Task`); rows for verl (`reward_model`, `extra_info`), its
own or those of Code-R1 and its forks; and problems in the plain form `{id, format, prompt, tests, ...}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..task import Task, TaskMetadata
from .chat_prompt import last_user_message
from .ground_truth import read_ground_truth
from .plain_problem import parse_plain_problem
from .raw_row import RawRow
from .task_source import LocalFiles, TaskSource


def parse_task_row(row: RawRow) -> Task:
    """Makes a task of a row in any of the forms.

    Raises:
        RowError: If the row has none of the forms.
    """
    if row.has("reward_model"):
        return task_of_verl_row(row)
    if isinstance(row.values.get("tests"), Mapping):
        return Task.model_validate(dict(row.values))
    if row.has("format"):
        return parse_plain_problem(row)
    raise row.error("tests", "a row needs tests with a kind, or reward_model, or format")


def task_of_verl_row(row: RawRow) -> Task:
    """The task of a row for verl; of a foreign one, what its columns tell.

    Raises:
        RowError: If its tests cannot be read.
    """
    about = row.part("extra_info") if row.has("extra_info") else RawRow({}, within="extra_info.")
    if about.has("task"):
        told = dict(about.decoded_part("task").values)
        if "tests" not in told:
            told["tests"] = read_ground_truth(row.part("reward_model"))
        return Task.model_validate(told)
    source = row.text_or("data_source", "verl")
    number = about.values.get("index", row.number - 1)
    return Task(
        id=about.text_or("task_id") or f"{source}/{about.text_or('split') or row.split}-{number}",
        prompt=last_user_message(row),
        tests=read_ground_truth(row.part("reward_model")),
        metadata=TaskMetadata(source=source, difficulty=about.text_or("difficulty") or "unknown"),
        reference=about.text_or("reference") or None,
    )


TASK_FILES = TaskSource(
    name="tasks",
    title="Files of tasks, problems or rows for verl",
    licence="that of the file",
    files=LocalFiles("a .jsonl, .json or .parquet file, or a folder of them"),
    splits={
        "train": ("*train*.parquet", "*train*.jsonl*"),
        "test": ("*test*.parquet", "*test*.jsonl*"),
        "all": ("*.parquet", "*.jsonl*", "*.json"),
    },
    parse=parse_task_row,
)
