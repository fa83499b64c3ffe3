"""Problems in a plain form that many projects keep: `{id, format, prompt, tests | io_tests, solution}`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from ...rewards.comparison import FloatText, TextComparison
from ...rewards.tests import AssertTests, CheckTests, StdioCase, StdioTests, Tests, UnittestTests
from ..task import Task, TaskMetadata
from .humaneval import prompt_helpers
from .io_tests import stdio_tests
from .raw_row import RawRow


def parse_plain_problem(row: RawRow) -> Task:
    """Makes a task of a row.

    Raises:
        RowError: If its `format` is unknown, or a field of that format is missing.
    """
    made = _FORMATS.get(row.text("format"))
    if made is None:
        raise row.error("format", f"use one of: {', '.join(sorted(_FORMATS))}")
    name = row.text("id")
    return Task(
        id=name,
        prompt=row.text("prompt") + _starting_code(row),
        tests=made(row),
        metadata=TaskMetadata(
            source=name.partition("/")[0],
            difficulty=(row.text_or("difficulty") or "unknown").lower(),
            time_limit=30,
        ),
        reference=row.text_or("solution") or (_printed(row) if row.has("answer") else None),
    )


def _starting_code(row: RawRow) -> str:
    parts = []
    for field, said in (("preamble", "These lines run before your program"), ("stub", "Start from")):
        if text := row.text_or(field).strip():
            parts.append(f"\n\n{said}:\n```python\n{text}\n```")
    if row.text("format") == "function_from_text":
        parts.append(f"\n\nIt must satisfy, among others:\n{next(iter(row.texts('test_list')), '')}")
    return "".join(parts)


def _check(row: RawRow) -> Tests:
    """A test program, which may call `check` itself at its end."""
    entry_point, tree = row.text("entry_point"), ast.parse(row.text("tests"))
    if ast.unparse(tree.body[-1]).startswith("check("):
        del tree.body[-1]
    preamble = row.text_or("preamble")
    context = preamble or prompt_helpers(row.text("prompt"), entry_point)
    return CheckTests(entry_point=entry_point, source=ast.unparse(tree), context=context, preamble=preamble)


def _asserts(row: RawRow) -> Tests:
    """The listed assertions; what the whole program has before the first of them sets them up."""
    statements = row.texts("test_list")
    if not statements:
        raise row.error("test_list", "it must hold at least one assertion")
    before, found, _ = row.text_or("tests").partition(statements[0])
    setup = [*row.texts("test_imports"), *([before.rstrip()] if found and before.strip() else [])]
    return AssertTests(statements=statements, setup="\n".join(setup))


def _stdio(row: RawRow) -> Tests:
    cases = []
    for number, case in enumerate(row.items("io_tests")):
        if not isinstance(case, Mapping) or not {"input", "output"} <= case.keys():
            raise row.error("io_tests", f"entry {number} must be an object with input and output")
        cases.append((str(case["input"]), str(case["output"])))
    return stdio_tests(cases, _comparison(row))


def _comparison(row: RawRow) -> TextComparison | None:
    kind, _, tolerance = row.text_or("checker").partition(" ")
    if kind != "float_tolerance":
        return None
    try:
        return FloatText(absolute=float(tolerance), relative=float(tolerance))
    except ValueError as error:
        raise row.error("checker", "it must be exact, or float_tolerance with a number") from error


def _number(row: RawRow) -> Tests:
    answer = row.text("answer").replace(",", "")
    return StdioTests(cases=(StdioCase(stdin="", expected=answer),), comparison=FloatText())


def _printed(row: RawRow) -> str:
    return f"print({row.text('answer').replace(',', '')})"


def _module_tests(row: RawRow) -> Tests:
    files = row.part("test_files").values
    if len(files) != 1:
        raise row.error("test_files", "it must hold one file")
    return UnittestTests(
        source=next(iter(files.values())), module=row.text("solution_file").removesuffix(".py")
    )


def _code_tests(row: RawRow) -> Tests:
    return UnittestTests(source=row.text("tests"))


_FORMATS: Mapping[str, Callable[[RawRow], Tests]] = {
    "function_completion": _check,
    "function_from_text": _asserts,
    "leetcode_class": _check,
    "module_unittest": _module_tests,
    "module_unittest_code": _code_tests,
    "numeric_answer": _number,
    "stdin_stdout": _stdio,
}
