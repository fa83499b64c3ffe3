"""Replies of models are read strictly, and what cannot be used says why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from replgym.agents.synthesis.rejection import Reason, RejectedError
from replgym.agents.synthesis.reply import (
    InputSource,
    Reply,
    entry_point_in,
    inputs_in,
    program_in,
    statement_in,
    values_in,
)

ANY = (0, 1000)


def reply(text: str, **more: Any) -> Reply:
    return Reply(text=text, completion_tokens=10, **more)


def fenced(source: str, language: str = "python") -> str:
    return f"```{language}\n{source}\n```"


def test_the_program_after_the_reasoning() -> None:
    text = f"<think>{fenced('x = 1')}</think>So:\n{fenced('print(1)')}\nand {fenced('1', 'text')}"
    assert program_in(reply(text), "", ANY) == "print(1)\n"


@pytest.mark.parametrize(
    ("given_reply", "entry_point", "reason"),
    [
        (reply("No."), "", Reason.NOT_ONE_PROGRAM),
        (reply(fenced("a = 1") + "\n" + fenced("b = 1")), "", Reason.NOT_ONE_PROGRAM),
        (reply("```python\nprint(1)"), "", Reason.NOT_ONE_PROGRAM),
        (reply(fenced("print(")), "", Reason.SYNTAX),
        (reply(fenced("print(1)"), finished=False), "", Reason.CUT_OFF),
        (reply("<think>so it is"), "", Reason.MALFORMED),
        (reply("<think>so</think> "), "", Reason.MALFORMED),
        (reply(fenced("def f():\n    pass")), "g", Reason.NO_ENTRY_POINT),
        (reply(fenced("def f():\n    pass")), "Solution().f", Reason.NO_ENTRY_POINT),
        (reply(fenced("class Solution:\n    def g(self): ...")), "Solution().f", Reason.NO_ENTRY_POINT),
    ],
)
def test_what_is_no_solution(given_reply: Reply, entry_point: str, reason: Reason) -> None:
    with pytest.raises(RejectedError) as caught:
        program_in(given_reply, entry_point, ANY)
    assert caught.value.reason is reason


@pytest.mark.parametrize("limits", [(11, 20), (1, 9)])
def test_replies_of_a_length_out_of_range(limits: tuple[int, int]) -> None:
    with pytest.raises(RejectedError, match="it has 10 tokens") as caught:
        program_in(reply(fenced("print(1)")), "", limits)
    assert caught.value.reason is Reason.LENGTH


@pytest.mark.parametrize(
    ("source", "entry_point"),
    [
        ("def f(x):\n    return x", "f"),
        ("f = lambda x: x", "f"),
        ("class Solution:\n    def f(self, x):\n        return x", "Solution().f"),
        ("class Base:\n    def f(self): ...\nclass Solution(Base):\n    pass", "Solution().f"),
    ],
)
def test_entry_points_are_found(source: str, entry_point: str) -> None:
    assert program_in(reply(fenced(source)), entry_point, ANY) == f"{source}\n"


def test_statements() -> None:
    assert statement_in(reply("Here:\n<problem>\n Add.\n</problem>\nDone.")) == "Add."
    for text in ("Add.", "<problem>a</problem><problem>b</problem>", "<problem>a"):
        with pytest.raises(RejectedError, match="exactly one"):
            statement_in(reply(text))


def test_starting_code() -> None:
    assert (
        entry_point_in(f"Add.\n\n{fenced('def add(a: int) -> int:')}".replace("int:\n", "int: ...\n"))
        == "add"
    )
    method = fenced("class Solution:\n    def __init__(self): ...\n    def add(self, a): ...")
    assert entry_point_in(method) == "Solution().add"
    for text in ("Add.", fenced("def a(): ...\ndef b(): ...")):
        with pytest.raises(RejectedError, match="one is needed"):
            entry_point_in(text)


def test_inputs_are_a_program_or_a_list() -> None:
    assert inputs_in(reply(fenced("print(1)"))) == InputSource(program="print(1)")
    assert inputs_in(reply(fenced("[1]", "json"))) == InputSource(listed="[1]")
    for text in ("1 2 3", fenced("[1]", "json") * 2, fenced("a", "text")):
        with pytest.raises(RejectedError):
            inputs_in(reply(text))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('"1\\n"\n"2\\n"\n', ["1\n", "2\n"]),
        ('["1\\n", "2\\n"]', ["1\n", "2\n"]),
        ('[\n "1",\n "2"\n]', ["1", "2"]),
        ("[1, 2]\n[3, 4]\n", [[1, 2], [3, 4]]),
        ("[[1, 2], 3]\n", [[[1, 2], 3]]),
        ("[[1, 2], [3]]", [[1, 2], [3]]),
    ],
)
def test_values(text: str, values: list[Any]) -> None:
    assert values_in(text) == values


@pytest.mark.parametrize("text", ["1 2", '{"a": 1,\n"b": 2}', "[NaN]\n[1]", '["\\ud800"]', "[" * 100_000])
def test_no_values(text: str) -> None:
    with pytest.raises(RejectedError):
        values_in(text)


@given(some.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (statement_in, inputs_in, lambda given_reply: program_in(given_reply, "f", ANY)):
        with suppress(RejectedError):
            assert read(reply(text))
    with suppress(RejectedError):
        assert isinstance(values_in(text), list)
