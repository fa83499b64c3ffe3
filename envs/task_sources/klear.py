"""Klear CodeSub-15K: a cleaned selection of contest tasks in verl's form, with tests as rllm writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..task import Task, TaskMetadata
from .chat_prompt import last_user_message
from .contest_fields import contest_prompt, digest, flags
from .io_tests import IoTests, form_of, io_tests, json_lines, json_value, time_budget
from .raw_row import RawRow
from .row_error import RowError
from .task_source import HubFiles, TaskSource

_SECONDS_A_TEST = 6.0
_FUNCTION_TYPES = ("functional", "function_call", "call_based")
_TEXT_TYPES = ("stdin", "stdin_stdout", "")


def _parse(row: RawRow) -> Task:
    statement = last_user_message(row)
    tests = rllm_tests(row.part("reward_model"), "ground_truth", statement)
    identity = row.identifier("hash") if row.has("hash") else digest(statement)
    return Task(
        id=f"klear-codesub/{identity}",
        prompt=contest_prompt(statement, tests),
        tests=tests,
        metadata=TaskMetadata(
            source="klear-codesub",
            tags=(form_of(tests), *flags(statement)),
            time_limit=time_budget(_SECONDS_A_TEST, tests),
        ),
    )


def rllm_tests(row: RawRow, field: str, code: str) -> IoTests:
    """Tests as rllm writes them: `{inputs, outputs[, fn_name]}`, or a list of `{input, output, type}`.

    Args:
        row: The row.
        field: The field, an object or a list, or JSON text of one.
        code: What tells whether functions are methods of `Solution`, such as the statement.

    Raises:
        RowError: If it is neither, or its tests are not all of one type.
    """
    value = row.decoded(field)
    if isinstance(value, Mapping):
        return io_tests(row.decoded_part(field), code=code, seconds=_SECONDS_A_TEST)
    if not isinstance(value, list | tuple) or not value:
        raise row.error(field, "it must hold tests: an object with inputs and outputs, or a list of tests")
    return _listed_tests(replace(row, within=f"{row.within}{field}"), value, code)


def _listed_tests(row: RawRow, items: Sequence[Any], code: str) -> IoTests:
    parts = []
    for number, item in enumerate(items):
        if not isinstance(item, Mapping) or not {"input", "output"} <= item.keys():
            raise RowError(f"{row.within}[{number}]", item, "it must be an object with input and output")
        parts.append(replace(row, values=item, within=f"{row.within}[{number}]."))
    names = {_function(part) for part in parts}
    if len(names) > 1:
        raise RowError(
            row.within, sorted(map(str, names)), "all its tests must call the same function, or none"
        )
    name = names.pop()
    inputs = [_arguments(part) if name else part.values["input"] for part in parts]
    outputs = [_result(part) if name else part.values["output"] for part in parts]
    values = {"inputs": inputs, "outputs": outputs, "fn_name": name}
    return io_tests(replace(row, values=values, within=f"{row.within}."), code=code, seconds=_SECONDS_A_TEST)


def _function(part: RawRow) -> str | None:
    """The function that a test calls; None for a test of a whole program."""
    kind = part.text_or("type") or part.text_or("testtype")
    if kind not in (*_FUNCTION_TYPES, *_TEXT_TYPES):
        raise part.error("type" if part.has("type") else "testtype", "it must be stdin or functional")
    if kind not in _FUNCTION_TYPES:
        return None
    about = part.values.get("metadata")
    holder = replace(part, values=about) if isinstance(about, Mapping) else part
    return holder.text("func_name" if holder.has("func_name") else "fn_name")


def _arguments(part: RawRow) -> Sequence[Any]:
    """Arguments as a list, or as text with one JSON value a line."""
    value = part.values["input"]
    return json_lines(value, f"{part.within}input") if isinstance(value, str) else part.items("input")


def _result(part: RawRow) -> Any:
    value = part.values["output"]
    return json_value(value, f"{part.within}output") if isinstance(value, str) else value


KLEAR_CODESUB = TaskSource(
    name="klear-codesub",
    title="Klear CodeSub-15K",
    licence="Apache-2.0",
    files=HubFiles("Kwai-Klear/KlearReasoner-CodeSub-15K"),
    splits={"train": ("*.parquet", "*.jsonl*", "*.json*")},
    parse=_parse,
)
