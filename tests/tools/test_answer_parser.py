from __future__ import annotations

import pytest

from replgym.tools.formats.action_formats import make_parser
from replgym.tools.formats.answer_parser import AnswerParser
from replgym.tools.tool_call import ToolCall
from replgym.tools.toolbox import Toolbox

SHAPE = "Write only the program."
CALL = ToolCall("python_interpreter", {"code": "1"})
SUBMISSION = ToolCall("submit", {"source": "x = 1"})


@pytest.mark.parametrize("calls", ["hermes", "json"])
def test_calls_are_read_as_before_and_the_rest_are_answers(calls: str) -> None:
    plain, parser = make_parser(calls), AnswerParser(make_parser(calls), SHAPE, str.upper)
    text = plain.render_call(CALL)
    assert parser.render_call(CALL) == text
    assert parser.parse(text) == plain.parse(text)
    assert (parser.name, parser.native, parser.stop) == (plain.name, plain.native, plain.stop)
    assert parser.observations(["1"]) == plain.observations(["1"])
    assert parser.restore(text) == plain.restore(text)
    tools = Toolbox().tools
    assert parser.instructions(tools).startswith(plain.instructions(tools))
    assert parser.instructions(tools).endswith(SHAPE)
    answer = parser.parse("x = 1")
    assert (answer.no_call, answer.calls, answer.error) == (
        True,
        (),
        f"there is no program in the message. {SHAPE}",
    )
    assert parser.render_call(SUBMISSION) == "X = 1"


@pytest.mark.parametrize(("calls", "text"), [("hermes", "<tool_call>{"), ("json", '```json\n{"name": 3')])
def test_a_broken_call_is_no_answer(calls: str, text: str) -> None:
    action = AnswerParser(make_parser(calls), SHAPE, str).parse(text)
    assert (action.no_call, action.calls) == (False, ())
    assert action.error == make_parser(calls).parse(text).error


def test_without_calls_every_message_is_an_answer() -> None:
    parser = AnswerParser(None, SHAPE, str)
    assert (parser.name, parser.native, parser.stop) == ("answer", False, ())
    for text in ("", "x = 1", make_parser("hermes").render_call(CALL)):
        assert parser.parse(text).no_call
        assert parser.restore(text) == text
        assert parser.observations([text]) == ({"role": "user", "content": text},)
    assert parser.instructions(()).endswith(SHAPE)
    with pytest.raises(ValueError, match="'python_interpreter' cannot be called: every message is an answer"):
        parser.render_call(CALL)
