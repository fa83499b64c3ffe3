"""Tests made of pairs of inputs and outputs, the form that most contest sets share.

`{inputs, outputs}` are texts for standard input and output; with `fn_name` they are arguments and results of
a function, or of a method of `Solution` where the task's code has that class.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...rewards.comparison import FloatText, FloatValue, TextComparison, TokenText, ValueComparison
from ...rewards.tests import AssertTests, CallCase, CallTests, Language, StdioCase, StdioTests
from .raw_row import RawRow
from .row_error import RowError

IoTests = StdioTests | CallTests | AssertTests

_FRACTION = re.compile(r"(?<![\w.])[-+]?\d*\.\d+(?:[eE][-+]?\d+)?(?![\w.])")
_METHOD = re.compile(r"^(?:solution|Solution\(\))\.")
_MODULES = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator"
)
_ABOUT_EQUAL = FloatValue()
CALL_PREAMBLE = "\n".join(
    [
        *(f"from {name} import *" for name in (*_MODULES.split(), "builtins", "typing")),
        f"import {', '.join(_MODULES.split())}, fractions, io, json, sys, time",
        "sys.setrecursionlimit(50_000)",
    ]
)
"""Names that solutions of call-based contest tasks use without an import, as their judges define them."""


def io_tests(
    row: RawRow,
    *,
    code: str = "",
    text: TextComparison | None = None,
    seconds: float | None = None,
    apps_rules: bool = False,
) -> IoTests:
    """Makes tests of a row `{inputs, outputs[, fn_name]}`.

    Args:
        row: The row, with lists of equal length that are not empty.
        code: Starter code or a solution; tells whether `fn_name` is a method of `Solution`.
        text: How outputs are compared; by default as tokens, with a tolerance where fractions are expected.
        seconds: The most that one run of a whole program may take.
        apps_rules: Read arguments and results as APPS and TACO do: results may each stand in a list of their
            own, and an object with nothing but integers as keys is a dict of these, which JSON has not.

    Raises:
        RowError: If inputs or outputs are missing, empty, of the wrong type or of different lengths.
    """
    inputs, outputs = row.items("inputs"), row.items("outputs")
    if not inputs:
        raise row.error("inputs", "it must have at least one test")
    if len(inputs) != len(outputs):
        raise row.error("outputs", f"it must have {len(inputs)} entries, one for each input")
    if name := row.text_or("fn_name"):
        entry, calls = entry_point(name, code), _argument_lists(row, inputs)
        return _apps_calls(entry, calls, outputs) if apps_rules else call_tests(entry, calls, outputs)
    pairs = zip(_texts(row, "inputs", inputs), _texts(row, "outputs", outputs), strict=True)
    return stdio_tests(pairs, text, seconds=seconds)


def stdio_tests(
    pairs: Iterable[tuple[str, str]],
    comparison: TextComparison | None = None,
    language: Language = Language.PYTHON,
    seconds: float | None = None,
) -> StdioTests:
    """Makes tests of texts; `comparison` is by default the one that fits the outputs."""
    cases = tuple(StdioCase(stdin=stdin, expected=expected) for stdin, expected in pairs)
    chosen = comparison or fitting_comparison(case.expected for case in cases)
    return StdioTests(cases=cases, comparison=chosen, language=language, seconds_per_case=seconds)


def fitting_comparison(expected: Iterable[str]) -> TextComparison:
    """Tokens in order; numbers within 1e-6 where a fraction is expected anywhere."""
    return FloatText() if any(_FRACTION.search(text) for text in expected) else TokenText()


def entry_point(name: str, code: str) -> str:
    """How a judge reaches a function: `name`, or `Solution().name` when the task's code has that class."""
    bare = _METHOD.sub("", name)
    return f"Solution().{bare}" if bare != name or "class Solution" in code else name


def time_budget(per_test: float, tests: IoTests, *, most: float = 120.0) -> float:
    """Seconds for all tests of a submission, from the limit of one; capped, so that endless loops end."""
    count = len(tests.statements if isinstance(tests, AssertTests) else tests.cases)
    return max(per_test, min(per_test * count, most))


def form_of(tests: IoTests) -> str:
    """A tag that tells whole programs from functions."""
    return "stdio" if isinstance(tests, StdioTests) else "function"


def call_tests(
    entry: str,
    calls: Iterable[Sequence[Any]],
    expected: Iterable[Any],
    comparison: ValueComparison = _ABOUT_EQUAL,
) -> CallTests:
    """Makes tests of argument lists and results; as many of both."""
    pairs = zip(calls, expected, strict=True)
    return CallTests(
        entry_point=entry,
        cases=tuple(CallCase(arguments=tuple(arguments), expected=result) for arguments, result in pairs),
        comparison=comparison,
        preamble=CALL_PREAMBLE,
    )


def json_value(text: str, field: str) -> Any:
    """The one JSON value that a text holds.

    Raises:
        RowError: If it holds something else.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowError(field, text, f"each line must be one JSON value: {error}") from error


def json_lines(text: str, field: str) -> list[Any]:
    """The JSON values of a text, one a line; none for an empty text.

    Raises:
        RowError: If a line holds something else.
    """
    return [json_value(line, field) for line in text.split("\n")] if text.strip() else []


def _texts(row: RawRow, field: str, values: Sequence[object]) -> Iterator[str]:
    """Texts; a list of lines and a bare number are written out, as the sets' own judges do."""
    for number, value in enumerate(values):
        if isinstance(value, str):
            yield value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)
        elif isinstance(value, list | tuple) and all(isinstance(line, str) for line in value):
            yield "\n".join(value)
        else:
            raise RowError(f"{row.within}{field}[{number}]", value, "it must be a text or a list of lines")


def _argument_lists(row: RawRow, inputs: Sequence[Any]) -> Sequence[Sequence[Any]]:
    for number, arguments in enumerate(inputs):
        if not isinstance(arguments, list | tuple):
            raise RowError(f"{row.within}inputs[{number}]", arguments, "it must be the list of arguments")
    return inputs


def _apps_calls(entry: str, calls: Sequence[Sequence[Any]], outputs: Sequence[Any]) -> IoTests:
    """Calls as JSON values, or as statements where a dict with integer keys takes part."""
    expected = _unwrapped(outputs)
    keyed = [[_with_integer_keys(argument) for argument in arguments] for arguments in calls]
    results = [_with_integer_keys(result) for result in expected]
    if keyed == [list(arguments) for arguments in calls] and results == expected:
        return call_tests(entry, calls, expected)
    statements = (
        f"assert {entry}({', '.join(map(repr, arguments))}) == {result!r}"
        for arguments, result in zip(keyed, results, strict=True)
    )
    return AssertTests(statements=tuple(statements), preamble=CALL_PREAMBLE)


def _unwrapped(outputs: Sequence[Any]) -> list[Any]:
    """The results themselves: many rows hold each of them in a list of its own."""
    if all(isinstance(output, list | tuple) and len(output) == 1 for output in outputs):
        return [output[0] for output in outputs]
    return list(outputs)


def _with_integer_keys(value: Any) -> Any:
    """JSON has no integer keys: an object with nothing but integers as keys stood for a dict of these."""
    if not isinstance(value, dict) or not value:
        return value
    if not all(isinstance(key, str) and re.fullmatch(r"-?\d+", key) for key in value):
        return value
    return {int(key): item for key, item in value.items()}
