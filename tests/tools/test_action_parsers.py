"""Reading messages: every format, every fault, and that no text at all makes a parser raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.tools import ACTION_FORMATS, Toolbox, ToolCall, UnknownActionFormatError, make_parser

CODE = "x = 21\nprint(x * 2)"
PIECES = st.sampled_from(
    [
        *(
            "<tool_call>",
            "</tool_call>",
            "<tool_response>",
            "```python\n",
            "```json\n",
            "\n```\n",
            "```output",
        ),
        *('{"name": ', '{"name": "submit", "arguments": {"source": "x"}}', '"arguments": ', "}", "\\u"),
        *("[[" * 50_000, "9" * 5000),
    ]
)
MESSAGES = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))


@pytest.mark.parametrize("name", ACTION_FORMATS)
@given(text=MESSAGES)
def test_no_text_makes_a_parser_raise(name: str, text: str) -> None:
    action = make_parser(name).parse(text)
    assert bool(action.error) == (not action.calls)
    assert "\n" not in action.error


@pytest.mark.parametrize("name", ACTION_FORMATS)
@given(code=st.text().filter(str.strip))
def test_a_rendered_cell_is_read_back(name: str, code: str) -> None:
    if name in ("fenced", "auto"):
        code = code.replace("`", "").strip("\r\n") or "x"
        if not code.strip():
            return
    call = ToolCall("python_interpreter", {"code": code})
    parser = make_parser(name)
    assert parser.parse(parser.render_call(call)).calls == (call,)


@pytest.mark.parametrize("name", ["hermes", "json"])
@given(
    arguments=st.dictionaries(
        st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)
    )
)
def test_rendered_arguments_are_read_back(name: str, arguments: dict[str, object]) -> None:
    call = ToolCall("submit", arguments)
    parser = make_parser(name)
    assert parser.parse(parser.render_call(call)).calls == (call,)


@pytest.mark.parametrize("name", ["code", "fenced", "auto"])
def test_a_submission_is_rendered_as_a_cell(name: str) -> None:
    parser = make_parser(name)
    (call,) = parser.parse(parser.render_call(ToolCall("submit", {"source": "def f(): ..."}))).calls
    assert call.arguments["code"] == "submit('def f(): ...')"
    with pytest.raises(ValueError, match="cannot be called from a cell"):
        make_parser("code").render_call(ToolCall("browse", {}))


def test_the_first_block_counts_and_an_invented_output_is_flagged() -> None:
    text = f"Let us see.\n```python\n{CODE}\n```\n```output\n43\n```\n```python\nsubmit('')\n```"
    action = make_parser("fenced").parse(text)
    assert action.calls == (ToolCall("python_interpreter", {"code": CODE}),)
    assert action.invented_output
    assert action.text == "Let us see."
    assert not make_parser("fenced").parse(f"```python\n{CODE}\n```").invented_output


def test_a_stop_text_that_was_cut_off_is_put_back() -> None:
    parser = make_parser("fenced")
    text = f"```python\n{CODE}\n```\n"
    cut = text.split(parser.stop[0])[0]
    assert not parser.parse(cut).calls
    assert parser.parse(parser.restore(cut)).calls
    assert parser.restore(text) == text
    assert parser.restore("no block") == "no block"


def test_hermes_reads_several_calls_with_raw_newlines_and_string_arguments() -> None:
    calls = [
        '{"name": "a", "arguments": {"code": "x\n</tool_call>"}}',
        '{"name": "b", "arguments": "{\\"k\\": 1}"}',
    ]
    text = "I call." + "".join(f"<tool_call>{call}</tool_call>" for call in calls) + "<tool_response>7"
    action = make_parser("hermes").parse(text)
    assert action.calls == (ToolCall("a", {"code": "x\n</tool_call>"}), ToolCall("b", {"k": 1}))
    assert action.invented_output
    assert action.text == "I call."


def test_a_response_tag_inside_the_code_is_code() -> None:
    call = ToolCall("python_interpreter", {"code": "print('<tool_response>')"})
    action = make_parser("hermes").parse(make_parser("hermes").render_call(call))
    assert action.calls == (call,)
    assert not action.invented_output


def test_json_reads_blocks_and_bare_objects() -> None:
    call = {"name": "submit", "arguments": {"source": "x"}}
    for text in (
        f"So:\n```json\n{json.dumps(call, indent=1)}\n```\nDone",
        f"So: {json.dumps(call)} and more",
    ):
        assert make_parser("json").parse(text).calls == (ToolCall("submit", {"source": "x"}),)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("code", " \n", "the message is empty"),
        ("fenced", "just words", "there is no ```python block"),
        ("fenced", "It is right.", "submit(source) hands your work in"),
        ("fenced", "```python\nx = 1", "is not closed"),
        ("fenced", "```python\n\n```", "is empty"),
        ("hermes", "just words", "there is no tool call"),
        ("hermes", "<tool_call>{", "not valid JSON"),
        ("hermes", '<tool_call>{"name": "a"} x', "does not end with </tool_call>"),
        ("json", "just words", "there is no call"),
        ("json", "```json\n[1]\n```", "there is no call"),
        ("json", '```json\n[{"a": 1}]\n```', 'has no "name"'),
        ("json", '```json\n{"arguments": {}}\n```', 'has no "name"'),
        ("json", '```json\n{"name": "a", "arguments": 3}\n```', '"arguments" must be a JSON object'),
        ("json", '```json\n{"name": "a", "arguments": "{"}\n```', '"arguments" must be a JSON object'),
        ("auto", "I think that we", "there is no ```python block"),
    ],
)
def test_faults_are_told_to_the_model(name: str, text: str, told: str) -> None:
    action = make_parser(name).parse(text)
    assert told in action.error
    assert not action.calls


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"Well:\n```python\n{CODE}\n```",
        make_parser("hermes").render_call(ToolCall("python_interpreter", {"code": CODE})),
        make_parser("json").render_call(ToolCall("python_interpreter", {"code": CODE})),
    ],
    ids=["code", "fenced", "hermes", "json"],
)
def test_auto_recognises_the_format(text: str) -> None:
    assert make_parser("auto").parse(text).calls == (ToolCall("python_interpreter", {"code": CODE}),)


def test_an_unknown_format_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownActionFormatError) as caught:
        make_parser("yaml")
    known = "auto, code, fenced, hermes, json, native, xml"
    assert str(caught.value) == f"unknown action format 'yaml'; use one of: {known}"


@pytest.mark.parametrize("name", ACTION_FORMATS)
def test_instructions_are_short_and_name_what_is_there(name: str) -> None:
    both = make_parser(name).instructions(Toolbox().tools)
    submit_only = make_parser(name).instructions(Toolbox(("submit",)).tools)
    assert "submit" in both
    assert "submit" in submit_only
    assert both != submit_only
    if name not in ("hermes", "json", "xml"):
        assert len(both) < 200


def test_observations_are_told_in_the_words_of_the_format() -> None:
    def told(name: str, *answers: str, protocol: str = "") -> list[tuple[str, str]]:
        return [(m["role"], m["content"]) for m in make_parser(name).observations(answers, protocol)]

    assert told("code", "42", "", "7") == [("user", "42\n7")]
    assert told("fenced", "42") == [("user", "```output\n42\n```")]
    assert told("fenced", "", "```") == [("user", "```output\n```\n````output\n```\n````")]
    for name in ("hermes", "xml", "native"):
        assert told(name, "42", "") == [("tool", "42"), ("tool", "")]
    assert told("auto", "42") == told("json", "42") == told("fenced", "42")
    assert told("auto", "42", protocol="xml") == [("tool", "42")]
