"""Thoughts before calls: what is only thought is not done."""

from __future__ import annotations

from .case import Case, ToolCall, cell

_FENCED = "```python\nprint(1)\n```"
_OTHER = "```python\nprint(2)\n```"
_TAGGED = '<tool_call>\n{"name": "python_interpreter", "arguments": {"code": "print(1)"}}\n</tool_call>'
_XML = (
    "<tool_call>\n<function=python_interpreter>\n<parameter=code>\nprint(1)\n</parameter>\n</function>\n"
    "</tool_call>"
)
_JSON = '```json\n{"name": "python_interpreter", "arguments": {"code": "print(1)"}}\n```'
_WRITTEN = {"fenced": _FENCED, "hermes": _TAGGED, "xml": _XML, "json": _JSON}
_UNCLOSED = "the message ends inside <think>"


def _case(name: str, text: str, *calls: ToolCall, formats: str = "fenced auto", **expected: object) -> Case:
    return Case(name, formats, text, calls, "fenced" if calls else "", **expected)  # type: ignore[arg-type]


def _in_every_protocol() -> tuple[Case, ...]:
    cases = []
    for name, written in _WRITTEN.items():
        formats, call = f"{name} auto", (cell("print(1)"),)
        thought = f"<think>\nI could run\n{written}\n</think>\n\n"
        after = f"<think>\nHm.\n</think>\n\n{written}"
        late = f"Or\n{written}\nMaybe.\n</think>\n{written}"
        no_call = f"{name} in a thought only", formats, f"{thought}No."
        unclosed = f"{name} in a thought without an end", formats, f"<think>\n{written}"
        cases += [
            Case(f"{name} after a thought", formats, after, call, name, said=""),
            Case(f"{name} in a thought and after it", formats, thought + written, call, name),
            Case(*no_call, error="there is no", no_call=True, said="No."),
            Case(*unclosed, error=_UNCLOSED, no_call=True),
            Case(f"{name} after an end alone", formats, late, call, name, said=""),
        ]
    return tuple(cases)


THOUGHTS = (
    *_in_every_protocol(),
    _case("empty thought", f"<think></think>{_FENCED}", cell("print(1)")),
    _case("two thoughts", f"<think>a</think>\n<think>{_OTHER}</think>\n{_FENCED}", cell("print(1)")),
    _case("thought after the call", f"{_FENCED}\n<think>{_OTHER}</think>", cell("print(1)")),
    _case(
        "thought in a thought",
        f"<think>a <think>{_OTHER}</think> {_OTHER}</think>{_FENCED}",
        cell("print(1)"),
    ),
    _case(
        "imagined output in a thought",
        f"{_OTHER}\n```output\n2\n```\nso\n</think>\n{_FENCED}",
        cell("print(1)"),
    ),
    Case(
        "broken call in a thought", "hermes", f"<tool_call>{{</think>{_TAGGED}", (cell("print(1)"),), "hermes"
    ),
    _case("call before a thought without an end", f"{_FENCED}\n<think>and now", cell("print(1)")),
    _case("answer with the program", f"<think>a</think>\n<answer>\n{_FENCED}\n</answer>", cell("print(1)")),
    _case(
        "answer without one",
        "<think>a</think><answer>7</answer>",
        error="there is no ```python block",
        no_call=True,
    ),
)
