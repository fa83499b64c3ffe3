"""CRUXEval (arXiv 2401.03065): what does this function return, or what makes it return that?"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import partial

from ...rewards.tests import AssertTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .reader import SourceError
from .task_source import HubFiles, TaskSource

_MODES = ("output", "input")


def _parse(row: RawRow, *, mode: str = _MODES[0]) -> Task:
    code = row.text("code").strip()
    given, output = _expression(row, "input", f"f({row.text_or('input')})"), _expression(row, "output")
    if mode == "output":
        ask = f"What does `{given}` return? Submit Python code that sets `answer` to it."
        tests, reference = AssertTests(statements=(f"assert answer == {output}",)), f"answer = {output}"
    else:
        ask = (
            f"Find arguments for which `f` returns `{output}`. "
            "Submit Python code that sets `answer` to the tuple of them."
        )
        tests = AssertTests(statements=(f"assert f(*answer) == {output}",), setup=code)
        reference = f"answer = (lambda *arguments: arguments)({row.text_or('input')})"
    return Task(
        id=f"cruxeval/{mode}/{row.identifier('id')}",
        prompt=f"{ask}\n\n```python\n{code}\n```",
        tests=tests,
        metadata=TaskMetadata(source="cruxeval", tags=(mode,)),
        reference=reference,
    )


def _expression(row: RawRow, field: str, text: str | None = None) -> str:
    source = row.text(field) if text is None else text
    try:
        ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise row.error(field, f"it must be Python: {error}") from error
    return source


def _configure(*, mode: str = _MODES[0]) -> TaskSource:
    """To predict outputs, or to find inputs."""
    if mode not in _MODES:
        raise SourceError(f"mode is {mode!r}; use one of: {', '.join(_MODES)}")
    return replace(CRUXEVAL, parse=partial(_parse, mode=mode))


CRUXEVAL = TaskSource(
    name="cruxeval",
    title="CRUXEval",
    licence="MIT",
    files=HubFiles("cruxeval-org/cruxeval"),
    splits={"test": ("test.jsonl*", "*cruxeval*.jsonl*", "*test-*.parquet")},
    parse=_parse,
    evaluation=True,
    configure=_configure,
)
