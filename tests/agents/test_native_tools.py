"""Native calls as text and back, and conversations in the form of the API."""

from __future__ import annotations

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from replgym.agents.policies.native_tools import native_messages, plain_messages
from replgym.tools import make_parser
from replgym.tools.formats.json_repair import unescaped_code
from replgym.tools.formats.native_calls import NativeCall, split_calls, with_calls

TEXTS = st.text(max_size=20) | st.sampled_from(
    ['<tool_call id="x">', "<tool_call>", "</tool_call>", "\n", '"', "```python\nx\n```", "<think>"]
)


@given(
    content=st.lists(TEXTS, max_size=4).map("".join),
    codes=st.lists(st.lists(TEXTS, max_size=4).map("".join), min_size=1, max_size=4),
)
def test_calls_survive_being_text(content: str, codes: list[str]) -> None:
    assume(all(unescaped_code(code) is None for code in codes))
    calls = [
        NativeCall(f"call_{number}", "python_interpreter", json.dumps({"code": code}, ensure_ascii=False))
        for number, code in enumerate(codes)
    ]
    text = with_calls(content, calls)
    said, read = split_calls(text)
    assert read == tuple(calls)
    assert said.replace("<tool-call id='", '<tool_call id="') == content.strip()
    action = make_parser("native").parse(text)
    assert [call.arguments["code"] for call in action.calls] == codes
    assert [call.id for call in action.calls] == [call.id for call in calls]
    (native,) = native_messages([{"role": "assistant", "content": text}])[:1]
    assert [entry["id"] for entry in native["tool_calls"]] == [call.id for call in calls]


def test_answers_without_calls_come_from_the_user() -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "tool", "content": "c"},
        {"role": "tool", "content": "d"},
        {"role": "assistant", "content": "e"},
    ]
    answers = "<tool_response>\nc\n</tool_response>\n<tool_response>\nd\n</tool_response>"
    expected = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": answers},
        {"role": "assistant", "content": "e"},
    ]
    assert plain_messages(messages) == native_messages(messages) == expected
