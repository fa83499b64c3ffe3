"""HumanEval+ and MBPP+ (EvalPlus, arXiv 2305.01210), as the hub has them and as EvalPlus releases them.

Every input is one test. The hub's test programs hold inputs and results in one loop, which is cut into its
rounds; where they accept numbers that are close, shapes must be equal too. EvalPlus' own files hold inputs
only: there the reference solution runs beside them in the trusted process, and its answers are the expected
ones.
"""

from __future__ import annotations

import ast
import json

from ...rewards.tests import CheckTests
from ..task import Task, TaskMetadata
from .humaneval import INSTRUCTION, prompt_helpers
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_ABSOLUTE = 1e-6
_AGAINST_REFERENCE = """\
import copy
import json
import math

_REFERENCE = {reference}
_INPUTS = json.loads({inputs})
_ABSOLUTE = {absolute}
_names = {{}}
exec(_REFERENCE, _names)


def _same(found, wanted):
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        both_nan = found != found and wanted != wanted
        return both_nan or math.isclose(found, wanted, rel_tol=0, abs_tol=_ABSOLUTE)
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return found.keys() == wanted.keys() and all(_same(found[key], wanted[key]) for key in wanted)
    return found == wanted


def _agrees(candidate, number):
    wanted = _names[{entry_point}](*copy.deepcopy(_INPUTS[number]))
    return _same(candidate(*copy.deepcopy(_INPUTS[number])), wanted)


def check(candidate):
"""


def _humaneval_plus(row: RawRow) -> Task:
    prompt, entry_point = row.text("prompt"), row.text("entry_point")
    reference = prompt + row.text("canonical_solution")
    source = (
        _rounds(row, "test", entry_point)
        if row.has("test")
        else _against_reference(row, reference, entry_point)
    )
    return Task(
        id=row.text("task_id").replace("HumanEval/", "HumanEval+/"),
        prompt=f"{INSTRUCTION}\n\n{prompt}",
        tests=CheckTests(entry_point=entry_point, source=source, context=prompt_helpers(prompt, entry_point)),
        metadata=TaskMetadata(source="humaneval+", tags=("function",), time_limit=60),
        reference=reference,
    )


def _mbpp_plus(row: RawRow) -> Task:
    number = row.identifier("task_id").removeprefix("Mbpp/")
    released = row.has("canonical_solution")
    if released:
        prompt, entry_point = row.text("prompt"), row.text("entry_point")
        reference = prompt + row.text("canonical_solution")
        source = _against_reference(row, reference, entry_point)
    else:
        prompt, reference = _hub_prompt(row), row.text("code")
        entry_point = _called_name(row)
        source = _rounds(row, "test", entry_point)
    return Task(
        id=f"MBPP+/{number}",
        prompt=f"Write a Python program that defines this function, and submit it.\n\n{prompt}",
        tests=CheckTests(entry_point=entry_point, source=source),
        metadata=TaskMetadata(source="mbpp+", tags=("function",), time_limit=60),
        reference=reference,
    )


def _hub_prompt(row: RawRow) -> str:
    shown = next(iter(row.texts("test_list")), "")
    return f"{row.text('prompt')}\n\nIt must satisfy, among others:\n{shown}" if shown else row.text("prompt")


def _called_name(row: RawRow) -> str:
    """The function that the rounds of the test program call: `assertion(name(*inp), exp, 0)`."""
    for node in ast.walk(_loop(row, "test", ast.parse(row.text("test")).body)):
        if isinstance(node, ast.Call) and any(isinstance(each, ast.Starred) for each in node.args):
            return ast.unparse(node.func)
    raise row.error("test", "its loop must call the function under test")


def _rounds(row: RawRow, field: str, entry_point: str) -> str:
    """The test program with its loop over all inputs cut into one assertion a round."""
    tree = _StrictShapes().visit(ast.parse(row.text(field)))
    check = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "check"), None)
    body = check.body if check else tree.body
    loop = _loop(row, field, body)
    inputs = _assigned(body, "inputs")
    if not isinstance(inputs, ast.List):
        raise row.error(field, "it must assign a list to the name inputs")
    before = body[: body.index(loop)]
    each = ast.unparse(ast.Module(loop.body, [])).replace("\n", "\n    ")
    rounds = (
        f"_rounds = list({ast.unparse(loop.iter)})\n"
        f"def _round(candidate, _number):\n    {ast.unparse(loop.target)} = _rounds[_number]\n    {each}\n"
        "    return True"
    )
    asserts = [f"    assert _round(candidate, {number})" for number in range(len(inputs.elts))]
    if check is not None:
        before = [*[node for node in tree.body if node is not check], *before]
    else:
        rounds = rounds.replace("(candidate, _number):\n", f"({entry_point}, _number):\n", 1)
    head = ast.unparse(ast.Module(before, []))
    return "\n".join([head, rounds, "def check(candidate):", *(asserts or ["    pass"])])


class _StrictShapes(ast.NodeTransformer):
    """Numbers that are close have equal shapes too: `np.allclose([1.5], 1.5)` holds, and must not pass."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Puts `np.shape(a) == np.shape(b) and` before `np.allclose(a, b, ...)`."""
        self.generic_visit(node)
        if ast.unparse(node.func) != "np.allclose" or len(node.args) < 2:
            return node
        shapes = " == ".join(f"np.shape({ast.unparse(value)})" for value in node.args[:2])
        return ast.parse(f"({shapes} and {ast.unparse(node)})", mode="eval").body


def _loop(row: RawRow, field: str, body: list[ast.stmt]) -> ast.For:
    for node in reversed(body):
        if isinstance(node, ast.For):
            return node
    raise row.error(field, "it must end with a loop over its inputs")


def _assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    return None


def _against_reference(row: RawRow, reference: str, entry_point: str) -> str:
    inputs = [*row.items("base_input"), *row.items("plus_input")]
    if not inputs:
        raise row.error("base_input", "it must be a list of argument lists, with at least one")
    head = _AGAINST_REFERENCE.format(
        reference=repr(reference),
        inputs=repr(json.dumps(inputs)),
        absolute=float(row.values.get("atol") or _ABSOLUTE),
        entry_point=repr(entry_point),
    )
    return head + "".join(f"    assert _agrees(candidate, {number})\n" for number in range(len(inputs)))


HUMANEVAL_PLUS = TaskSource(
    name="humaneval+",
    title="HumanEval+",
    licence="Apache-2.0",
    files=HubFiles("evalplus/humanevalplus"),
    splits={"test": ("*test-*.parquet", "*HumanEvalPlus*.jsonl*")},
    parse=_humaneval_plus,
    evaluation=True,
)
MBPP_PLUS = TaskSource(
    name="mbpp+",
    title="MBPP+",
    licence="Apache-2.0",
    files=HubFiles("evalplus/mbppplus"),
    splits={"test": ("*test-*.parquet", "*MbppPlus*.jsonl*")},
    parse=_mbpp_plus,
    evaluation=True,
)
