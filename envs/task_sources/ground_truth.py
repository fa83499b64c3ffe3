"""The tests of a verl row: JSON text of our `Tests`, or one of the forms that Code-R1 and its forks use.

Their forms are `{"functional": code}`, a program that runs after the submission, `{"inputs": [...],
"outputs": [...]}`, and `{"pytest": code}`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from ...rewards.comparison import ExactText, TokenText
from ...rewards.tests import AssertTests, CheckTests, PytestTests, StdioTests, Tests
from .io_tests import CALL_PREAMBLE, io_tests
from .kodcode import pytest_source
from .raw_row import RawRow

_TESTS: TypeAdapter[Any] = TypeAdapter(Tests)


def read_ground_truth(row: RawRow, field: str = "ground_truth") -> Tests:
    """Reads the tests from a field of a row.

    Raises:
        RowError: If the field is no JSON object, or has none of the known forms.
    """
    truth = row.decoded_part(field)
    if truth.has("kind"):
        tests: Tests = _TESTS.validate_python(truth.values)
        return tests
    if truth.has("functional"):
        return _functional_tests(truth)
    if truth.has("pytest"):
        return PytestTests(source=pytest_source(truth.text("pytest")))
    if truth.has("inputs") and truth.has("outputs"):
        return io_tests(replace(truth, values={**truth.values, "inputs": truth.decoded("inputs"),
                                               "outputs": truth.decoded("outputs")}))  # fmt: skip
    fix = "it must hold one of: kind, functional, inputs with outputs, pytest"
    raise row.error(field, fix)


def _functional_tests(truth: RawRow) -> Tests:
    """A program that ends in `check(name)` stays one; of any other, every top-level assertion is one test."""
    source = truth.text("functional")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise truth.error("functional", f"it must be Python: {error}") from error
    last = tree.body[-1].value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if isinstance(last, ast.Call) and ast.unparse(last.func) == "check" and len(last.args) == 1:
        program = ast.unparse(ast.Module(tree.body[:-1], []))
        return CheckTests(
            entry_point=ast.unparse(last.args[0]),
            source=program,
            context=CALL_PREAMBLE,
            preamble=CALL_PREAMBLE,
        )
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if not asserts:
        return AssertTests(statements=(source,), preamble=CALL_PREAMBLE)
    setup = [node for node in tree.body if not isinstance(node, ast.Assert)]
    return AssertTests(
        statements=tuple(map(ast.unparse, asserts)),
        setup=ast.unparse(ast.Module(setup, [])),
        preamble=CALL_PREAMBLE,
    )


def code_r1_ground_truth(tests: Tests) -> Mapping[str, Any] | None:
    """The tests in the form that Code-R1's own scorer reads; None where they have no equal there."""
    match tests:
        case CheckTests():
            program = [tests.preamble, tests.context, tests.source, f"check({tests.entry_point})"]
            return {"functional": "\n\n".join(part for part in program if part)}
        case AssertTests():
            return {"functional": "\n".join([tests.preamble, tests.setup, *tests.statements]).strip()}
        case PytestTests(module="solution"):
            return {"pytest": tests.source}
        case StdioTests(comparison=ExactText() | TokenText(), language="python"):
            return {"inputs": [case.stdin for case in tests.cases],
                    "outputs": [case.expected for case in tests.cases]}  # fmt: skip
        case _:
            return None
