"""Calls as JSON in Hermes tags."""

from __future__ import annotations

from .case import Case, cell, hand_in

_ALL = "hermes auto native xml"
_ONE = '{"name": "python_interpreter", "arguments": {"code": "print(1)"}}'
_TWO = '{"name": "python_interpreter", "arguments": {"code": "print(2)"}}'
_SUBMIT = '{"name": "submit", "arguments": {"source": "def solution(x): return x"}}'
_A, _B, _S = cell("print(1)"), cell("print(2)"), hand_in("def solution(x): return x")


def _case(name: str, text: str, *calls: object, formats: str = _ALL, **expected: object) -> Case:
    protocol = "hermes" if calls else str(expected.pop("protocol", ""))
    return Case(name, formats, text, calls, protocol, **expected)  # type: ignore[arg-type]


def _code(raw: str) -> str:
    return f'<tool_call>\n{{"name": "python_interpreter", "arguments": {{"code": "{raw}"}}}}\n</tool_call>'


_BROKEN = "the call is not valid JSON"

TAGS = (
    _case("plain", f"<tool_call>\n{_ONE}\n</tool_call>", _A, said=""),
    _case("on one line", f"<tool_call>{_ONE}</tool_call>", _A),
    _case("with words", f"I compute it.\n<tool_call>\n{_ONE}\n</tool_call>", _A, said="I compute it."),
    _case("two", f"<tool_call>\n{_ONE}\n</tool_call>\n<tool_call>\n{_TWO}\n</tool_call>", _A, _B),
    _case("two in one pair of tags", f"<tool_call>\n{_ONE}\n{_TWO}\n</tool_call>", _A, _B),
    _case("a list in tags", f"<tool_call>[{_ONE}, {_SUBMIT}]</tool_call>", _A, _S),
    _case("words between", f"<tool_call>{_ONE}</tool_call> then <tool_call>{_SUBMIT}</tool_call>", _A, _S),
    _case("no closing tag", f"Ok.\n<tool_call>\n{_ONE}", _A, repaired="no </tool_call>"),
    _case("no closing tag but a newline", f"<tool_call>\n{_ONE}\n", _A, repaired="no </tool_call>"),
    _case(
        "first one not closed",
        f"<tool_call>{_ONE}\n<tool_call>{_TWO}</tool_call>",
        _A,
        _B,
        repaired="no </tool_call>",
    ),
    _case("escaped newlines", _code(r"x = 1\nprint(x)"), cell("x = 1\nprint(x)")),
    _case("raw newlines", _code("x = 1\nprint(x)"), cell("x = 1\nprint(x)")),
    _case("newlines escaped twice", _code(r"x = 1\\nprint(x)"), cell("x = 1\nprint(x)"), repaired="'code'"),
    _case("a newline in a string", _code(r"print('a\\nb')"), cell(r"print('a\nb')")),
    _case("backticks in code", _code(r"s = '''\n```python\n```\n'''"), cell("s = '''\n```python\n```\n'''")),
    _case("closing tag in code", _code("s = '</tool_call>'"), cell("s = '</tool_call>'")),
    _case("opening tag in code", _code("s = '<tool_call>'"), cell("s = '<tool_call>'")),
    _case(
        "function tag in code", _code("s = '<tool_call><function=a>'"), cell("s = '<tool_call><function=a>'")
    ),
    _case("response tag in code", _code("s = '<tool_response>'"), cell("s = '<tool_response>'")),
    _case("thoughts in code", _code("s = '<think></think>'"), cell("s = '<think></think>'")),
    _case("nested braces", _code("d = {'a': {'b': [{}]}}"), cell("d = {'a': {'b': [{}]}}")),
    _case("unicode escapes", _code(r"print('\u00e9 \ud83d\ude0a')"), cell("print('é 😊')")),
    _case("half a surrogate pair", _code(r"print('\ud83d')"), cell("print('\ufffd')")),
    _case(
        "pretty JSON",
        '<tool_call>\n{\n  "name": "submit",\n  "arguments": {\n    "source": "x"\n  }\n}\n</tool_call>',
        hand_in("x"),
    ),
    _case(
        "arguments first",
        '<tool_call>{"arguments": {"source": "x"}, "name": "submit"}</tool_call>',
        hand_in("x"),
    ),
    _case(
        "arguments as a string",
        r'<tool_call>{"name": "submit", "arguments": "{\"source\": \"x\"}"}</tool_call>',
        hand_in("x"),
    ),
    _case(
        "as a string of a string",
        r'<tool_call>{"name": "submit", "arguments": "\"{\\\"source\\\": \\\"x\\\"}\""}</tool_call>',
        hand_in("x"),
    ),
    _case(
        "parameters", '<tool_call>{"name": "submit", "parameters": {"source": "x"}}</tool_call>', hand_in("x")
    ),
    _case("function object", f'<tool_call>{{"type": "function", "function": {_ONE}}}</tool_call>', _A),
    _case("missing brace", f"<tool_call>\n{_ONE[:-1]}\n</tool_call>", _A, repaired="missing braces"),
    _case("two missing braces", f"<tool_call>\n{_ONE[:-2]}\n</tool_call>", _A, repaired="missing braces"),
    _case("missing brace and no end", f"<tool_call>\n{_ONE[:-1]}", protocol="hermes", error=_BROKEN),
    _case(
        "number that may be cut off",
        '<tool_call>{"name": "submit", "arguments": {"count": 1\n</tool_call>',
        protocol="hermes",
        error=_BROKEN,
    ),
    _case("a brace too many", f"<tool_call>{_ONE}}}</tool_call>", _A, repaired="a brace too many"),
    _case("doubled braces", f"<tool_call>{{{_ONE}}}</tool_call>", _A, repaired="doubled braces"),
    _case("doubled at the beginning", f"<tool_call>\n{{{_ONE}\n</tool_call>", _A, repaired="doubled braces"),
    _case(
        "Python quotes",
        "<tool_call>{'name': 'submit', 'arguments': {'source': 'x'}}</tool_call>",
        hand_in("x"),
        repaired="Python dict",
    ),
    _case(
        "Python long string",
        "<tool_call>\n{'name': 'submit', 'arguments': {'source': '''a\nb'''}}\n</tool_call>",
        hand_in("a\nb"),
        repaired="Python dict",
    ),
    _case("in a fence", f"```xml\n<tool_call>\n{_ONE}\n</tool_call>\n```", _A),
    _case("in a fence of Python", f"```python\n<tool_call>\n{_ONE}\n</tool_call>\n```", _A),
    _case("the tag is named first", f"I use <tool_call> tags.\n<tool_call>{_ONE}</tool_call>", _A),
    _case(
        "quoted in a program",
        f"```python\ns = '<tool_call>{_ONE}</tool_call>'\n```",
        formats="hermes xml native",
        error="there is no tool call",
        no_call=True,
    ),
    _case(
        "a program after the call",
        f"<tool_call>{_ONE}</tool_call>\nThat is\n```python\nprint(1)\n```",
        _A,
        left_out=0,
    ),
    _case(
        "invented response",
        f"<tool_call>\n{_ONE}\n</tool_call>\n<tool_response>\n7\n</tool_response>\nSo 7.",
        _A,
        invented=True,
        said="",
    ),
    _case(
        "invented response, then a call",
        f"<tool_call>{_ONE}</tool_call><tool_response>7</tool_response><tool_call>{_SUBMIT}</tool_call>",
        _A,
        invented=True,
    ),
    _case(
        "invented turn",
        f"<tool_call>{_ONE}</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>7",
        _A,
        invented=True,
    ),
    _case(
        "invented header",
        f"<tool_call>{_ONE}</tool_call><|eot_id|><|start_header_id|>tool",
        _A,
        invented=True,
    ),
    _case("invented output", f"<tool_call>{_ONE}</tool_call>\n```output\n1\n```", _A, invented=True),
    _case(
        "response and no call",
        "<tool_response>\n7\n</tool_response>",
        formats="hermes native xml",
        error="there is no tool call",
        no_call=True,
        invented=True,
        said="",
    ),
    _case("seventeen", f"<tool_call>{_ONE}</tool_call>" * 17, *[_A] * 16, left_out=1),
    _case(
        "quotes not escaped",
        _code('print("hi")'),
        protocol="hermes",
        error=f"{_BROKEN} (Expecting ',' delimiter, character",
    ),
    _case("bad escape", _code(r"re.match('\d', s)"), protocol="hermes", error=r"Invalid \escape"),
    _case(
        "cut off in code",
        '<tool_call>\n{"name": "python_interpreter", "arguments": {"code": "for i',
        protocol="hermes",
        error="Unterminated string",
    ),
    _case(
        "no JSON",
        "<tool_call>python_interpreter(code='x')</tool_call>",
        formats="hermes native xml",
        error="comes no JSON object",
        no_call=True,
    ),
    _case(
        "no name",
        '<tool_call>{"arguments": {"code": "x"}}</tool_call>',
        protocol="hermes",
        error='the call has no "name"',
    ),
    _case(
        "name is a number",
        '<tool_call>{"name": 3, "arguments": {}}</tool_call>',
        protocol="hermes",
        error='the call has no "name"',
    ),
    _case(
        "arguments are a list",
        '<tool_call>{"name": "submit", "arguments": ["x"]}</tool_call>',
        protocol="hermes",
        error='"arguments" must be a JSON object',
    ),
    _case(
        "text after the JSON",
        f"<tool_call>{_ONE} // runs it</tool_call>",
        protocol="hermes",
        error="does not end with </tool_call>",
    ),
    _case(
        "second one broken",
        f"<tool_call>{_ONE}</tool_call>\n<tool_call>{{broken}}</tool_call>",
        protocol="hermes",
        error="nothing of the message was run",
    ),
    _case(
        "right form in the error",
        "<tool_call>{nonsense}</tool_call>",
        protocol="hermes",
        error='write <tool_call>{"name": "...", "arguments": {...}}</tool_call>',
    ),
    _case("words", "It is 7.", formats="hermes native xml", error="there is no tool call", no_call=True),
)
