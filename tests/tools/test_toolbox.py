"""Tools by name: schemas, checked arguments, and the stand-in for an interpreter that is off."""

from __future__ import annotations

import pytest

from replgym.kernels import make_kernel_pool
from replgym.tools import InterpreterSession, Toolbox, ToolCall
from replgym.tools.turned_off_interpreter import read_submission

from .lender import lent_from

DEFINITION = """\
import math

def helper(x):  # kept
    return x

@helper
def solution(x):
    return math.ceil(x)
"""


def test_schemas_have_the_form_of_the_api() -> None:
    interpreter, submit = Toolbox().schemas()
    assert interpreter["function"]["name"] == "python_interpreter"
    assert submit["type"] == "function"
    assert submit["function"]["parameters"] == {
        "type": "object",
        "properties": {"source": {"type": "string", "description": "Python source of the solution"}},
        "required": ["source"],
    }
    assert [schema["function"]["name"] for schema in Toolbox(("submit",)).schemas()] == ["submit"]


async def test_calls_are_carried_out_and_faults_are_told() -> None:
    async with make_kernel_pool(size=1, warm=0) as pool, lent_from(pool) as lender:
        session, tools = InterpreterSession(lender), Toolbox(observation_limit=40)
        ran = await tools.carry_out(ToolCall("python_interpreter", {"code": "print('a' * 100)"}), session)
        assert "60 characters cut" in ran.text
        assert ran.code == "print('a' * 100)"
        for call, told in (
            (ToolCall("browse"), "there is no tool 'browse'; use one of: python_interpreter, submit"),
            (ToolCall("submit", {}), "submit: argument 'source': Field required; it takes: source"),
            (
                ToolCall("submit", {"source": " "}),
                "submit takes the source text of a program, but the text is empty",
            ),
            (
                ToolCall("submit", {"source": "x", "y": 1}),
                "submit: argument 'y': Extra inputs are not permitted",
            ),
        ):
            assert told in (await tools.carry_out(call, session)).text
        assert session.submission is None
        assert (await tools.carry_out(ToolCall("submit", {"source": "x"}), session)).text == ""
        assert session.submission == "x"


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("submit('x = 1')", "x = 1"),
        ("submit('''x\n''')", "x\n"),
        (f"{DEFINITION}\nsubmit(solution)", f"{DEFINITION}\n"),
        ("x = 1\nsubmit('x')", None),
        ("submit(f'{1}')", None),
        ("submit(solution)", None),
        ("def solution(): ...\nsubmit(other)", None),
        ("def solution(): ...\nprint(1)\nsubmit(solution)", None),
        ("submit('a', 'b')", None),
        ("submit(3)", None),
        ("submit(", None),
        ("\0", None),
        ("(" * 10_000, None),
    ],
)
def test_only_plain_submissions_are_read_from_cells_that_do_not_run(code: str, source: str | None) -> None:
    assert read_submission(code) == source
