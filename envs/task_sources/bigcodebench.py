"""BigCodeBench (arXiv 2406.15877): functions over many libraries, tested with unittest; and its hard part.

The tests patch modules, share files and compare frames and plots with the function under test, so they run
beside it.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import partial

from ...rewards.tests import PlacementChoice, UnittestTests
from ..task import Task, TaskMetadata
from .contest_fields import listed
from .raw_row import RawRow
from .reader import SourceError
from .task_source import HubFiles, TaskSource

_VERSIONS = ("v0.1.4", "v0.1.3", "v0.1.2", "v0.1.1", "v0.1.0_hf")
_MODES = ("instruct", "complete")
_ASK = "Submit a whole Python program that defines `{}`, with the imports that it needs."
_SECONDS = 60.0


def _parse(row: RawRow, *, mode: str = _MODES[0]) -> Task:
    entry, test = row.text("entry_point"), row.text("test")
    _checked(row, "test", test)
    if "class TestCases" not in test:
        raise row.error("test", "it must define the class TestCases")
    header = row.text("code_prompt")
    return Task(
        id=row.text("task_id"),
        prompt=f"{row.text(f'{mode}_prompt').strip()}\n\n{_ASK.format(entry)}",
        tests=UnittestTests(
            source=test, preamble=_header(row, header, entry), placement=PlacementChoice.BESIDE
        ),
        metadata=TaskMetadata(
            source="bigcodebench",
            tags=("function", mode, *(f"needs:{library}" for library in listed(row, "libs"))),
            time_limit=_SECONDS,
        ),
        reference=header + row.text("canonical_solution"),
    )


def _header(row: RawRow, code_prompt: str, entry: str) -> str:
    """Imports and constants that stand before the function; its own evaluation runs them first too."""
    tree = _checked(row, "code_prompt", f"{code_prompt.rstrip()}\n    pass\n")
    kept = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == entry)]
    return "\n".join(map(ast.unparse, kept))


def _checked(row: RawRow, field: str, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise row.error(field, f"it must be Python: {error}") from error


def _configured(source: TaskSource, *, mode: str = _MODES[0]) -> TaskSource:
    if mode not in _MODES:
        raise SourceError(f"mode is {mode!r}; use one of: {', '.join(_MODES)}")
    return replace(source, parse=partial(_parse, mode=mode))


def _configure(*, mode: str = _MODES[0]) -> TaskSource:
    """Prompts as instructions or as code to complete."""
    return _configured(BIGCODEBENCH, mode=mode)


def _configure_hard(*, mode: str = _MODES[0]) -> TaskSource:
    return _configured(BIGCODEBENCH_HARD, mode=mode)


BIGCODEBENCH = TaskSource(
    name="bigcodebench",
    title="BigCodeBench",
    licence="Apache-2.0",
    files=HubFiles("bigcode/bigcodebench"),
    splits={
        version: (f"*{version}-*.parquet", f"*{version}.jsonl*", f"*{version}.parquet")
        for version in _VERSIONS
    },
    parse=_parse,
    evaluation=True,
    configure=_configure,
)
BIGCODEBENCH_HARD = replace(
    BIGCODEBENCH,
    name="bigcodebench-hard",
    title="BigCodeBench-Hard",
    files=HubFiles("bigcode/bigcodebench-hard"),
    configure=_configure_hard,
)
