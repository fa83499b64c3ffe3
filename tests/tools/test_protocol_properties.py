"""Laws of all protocols: what is written is read back; what is thought or invented is not done."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from replgym.tools import ACTION_FORMATS, ToolCall, make_parser
from replgym.tools.formats.call_syntax import NotACallError, ReadCalls
from replgym.tools.formats.json_repair import unescaped_code
from replgym.tools.formats.message_marks import OTHER_TURN, OUTPUT
from replgym.tools.formats.message_reader import MessageReader

TAGS = (
    *("<tool_call>", "</tool_call>", "<function=a>", "</function>", "<parameter=code>", "</parameter>"),
    *("<think>", "</think>", "<answer>", "<tool_response>", "<|im_start|>user", "<|im_end|>", "Out[1]: 5"),
    *(
        "```",
        "```python",
        "```json",
        "```output",
        "~~~",
        "~~~python",
        "````",
        "'''",
        '"""',
        "'",
        '"',
        "\\",
        "#",
    ),
    *(
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "{",
        "}",
        "[",
        "]",
        '{"name": "a", "arguments": {}}',
        r"\boxed{",
        "é",
        "😊",
    ),
    *("\x00", "\u2028", "\x85", "x = 1", "print(x)", "</parameter>\n</function>\n</tool_call>"),
)
CODES = st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=4)), min_size=1, max_size=12).map("".join)
MESSAGES = st.lists(st.one_of(st.sampled_from(TAGS), CODES), max_size=10).map("\n".join)
INVENTED = re.compile(f"{OTHER_TURN}|{OUTPUT}", re.MULTILINE)
PLAIN_CODES = (
    st.lists(st.sampled_from([tag for tag in TAGS if not set(tag) & set("'\"\\#{")]), max_size=8)
    .map("\n".join)
    .map("x = 1\n{}\ny = 2".format)
    .filter(lambda code: "</parameter>" not in code)
)
IN_TAGS = ("hermes", "json", "native", "xml")


def cell(code: str) -> ToolCall:
    return ToolCall("python_interpreter", {"code": code})


@pytest.mark.parametrize("name", ACTION_FORMATS)
@given(code=CODES)
def test_a_rendered_call_is_read_back(name: str, code: str) -> None:
    assume(code.strip() and unescaped_code(code) is None)
    assume(name != "code" or not (code.lstrip().startswith("<think>") or INVENTED.search(code)))
    parser = make_parser(name)
    action = parser.parse(parser.render_call(cell(code)))
    assert (action.calls, action.error, action.repaired) == ((cell(code),), "", "")
    assert (action.invented_output, action.left_out) == (False, 0)


@pytest.mark.parametrize("name", [*IN_TAGS, "fenced", "auto"])
@given(codes=st.lists(PLAIN_CODES, min_size=2, max_size=4))
def test_several_rendered_calls_are_read_back_in_order(name: str, codes: list[str]) -> None:
    parser = make_parser(name, 4)
    action = parser.parse("\n".join(parser.render_call(cell(code)) for code in codes))
    assert action.calls == tuple(map(cell, codes))
    assert parser.observations(["7"] * len(codes), action.protocol)


@pytest.mark.parametrize("name", ACTION_FORMATS)
@given(text=MESSAGES)
def test_every_text_gives_calls_or_one_line_that_tells_why_not(name: str, text: str) -> None:
    for most in (None, 1, 3):
        action = make_parser(name, most).parse(text)
        assert bool(action.error) == (not action.calls)
        assert not action.no_call or action.error
        assert len(action.error.splitlines()) <= 1
        assert bool(action.protocol) == (not action.no_call) or name == "code"
        assert most is None or len(action.calls) <= most or name == "code"


@pytest.mark.parametrize("name", [*IN_TAGS, "fenced", "auto"])
@given(thought=MESSAGES, code=CODES)
def test_no_call_is_taken_out_of_a_thought(name: str, thought: str, code: str) -> None:
    assume("</think>" not in thought and code.strip() and unescaped_code(code) is None)
    parser = make_parser(name)
    assert parser.parse(f"<think>{thought}</think>\nWell.").calls == ()
    assert parser.parse(f"<think>{thought}").calls == ()
    call = parser.render_call(cell(code))
    assert parser.parse(f"<think>{thought}</think>\n{call}").calls == (cell(code),)


@pytest.mark.parametrize("name", [*IN_TAGS, "fenced", "auto"])
@given(code=CODES, invented=MESSAGES, mark=st.sampled_from(["<tool_response>", "<|im_start|>user\n"]))
def test_nothing_after_an_invented_turn_counts(name: str, code: str, invented: str, mark: str) -> None:
    assume(code.strip() and unescaped_code(code) is None)
    assume(not any(quote in code for quote in ("'''", '"""')))
    parser = make_parser(name, 4)
    call = parser.render_call(cell(code))
    action = parser.parse(f"{call}\n{mark}{invented}\n{call}")
    assert action.calls == (cell(code),)
    assert action.invented_output


@pytest.mark.parametrize("name", ["hermes", "json", "native", "xml", "fenced"])
@given(code=CODES, data=st.data())
def test_a_message_that_was_cut_off_never_runs_a_part_of_its_code(
    name: str, code: str, data: st.DataObject
) -> None:
    assume(code.strip() and unescaped_code(code) is None)
    parser = make_parser(name)
    assume(not ("</function>" in code and "</tool_call>" in code))
    text = parser.render_call(cell(code))
    cut = text[: data.draw(st.integers(0, len(text)))]
    assert parser.parse(cut).calls in ((), (cell(code),))


@pytest.mark.parametrize("name", ["hermes", "xml", "native", "json", "fenced", "auto"])
@given(code=CODES.filter(str.strip))
def test_a_stop_text_that_was_cut_off_is_put_back(name: str, code: str) -> None:
    hidden = ("```", "</tool_call>", "</think>", "'''", '"""', "<function=")
    assume(not any(mark in code for mark in hidden))
    assume(unescaped_code(code) is None)
    parser = make_parser(name, 1)
    text = parser.render_call(cell(code)) + "\n"
    ends = [place for stop in parser.stop if (place := text.find(stop)) >= 0]
    assume(ends)
    whole = parser.restore(text[: min(ends)])
    assert parser.parse(whole).calls == (cell(code),)
    assert parser.parse(whole).repaired == ""
    assert parser.restore(whole) == whole


class Doubtful:
    """A syntax that begins everywhere and is never a call."""

    name, opening = "doubtful", "<"

    def __init__(self) -> None:
        self.reads = 0

    def read(self, text: str, start: int) -> ReadCalls:
        self.reads += 1
        raise NotACallError("no")


class Willing(Doubtful):
    """A syntax whose every mark is a call."""

    def read(self, text: str, start: int) -> ReadCalls:
        self.reads += 1
        return ReadCalls((cell("x"),), start + 1)


@pytest.mark.parametrize(("syntax", "most"), [(Doubtful(), 16), (Willing(), 64)])
def test_a_message_is_looked_at_in_few_places(syntax: Doubtful, most: int) -> None:
    action = MessageReader((syntax,), most=2, missing="nothing").read("<" * 100_000)
    assert syntax.reads == most
    assert len(action.calls) == (2 if most == 64 else 0)


HOSTILE = (
    *(
        "<tool_call>",
        "<tool_call>{",
        '<tool_call>{"name": "',
        "<tool_call><function=x><parameter=y>",
        "<think>",
    ),
    *(
        "`",
        "~",
        "```python\n",
        "```python\n'''\n",
        '\n\\"""\n```\n```python\n',
        "```json\n{",
        "    ```\n",
        "{",
        "[{",
    ),
    *(
        '{"name": "x", "arguments": {',
        "{'name': '",
        "<function=",
        "</parameter>",
        "</think>",
        "\\",
        "\\boxed{",
    ),
    *("<parameter=a>b</parameter>", "<tool_call>\n<function=x>\n<parameter=a>b</parameter>\n</function>\n"),
    *("```python\nx\n```\n", '{"name": "x", "arguments": {}}', "<tool_call>{}</tool_call>"),
    *(" ", "\n", "\t\n", "Output:\n", "<|im_end|>", "<tool_response>", "(", "x=[", "'", '"', "#", '"\\'),
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_the_work_is_linear(piece: str) -> None:
    """A search that is not would take many minutes for such a text."""
    text = piece * (100_000 // len(piece))
    for name in ("auto", "native", "fenced"):
        assert "\n" not in make_parser(name).parse(text).error
