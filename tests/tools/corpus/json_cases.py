"""Calls as JSON without tags, as Qwen2.5-Coder writes them."""

from __future__ import annotations

from .case import Case, cell, hand_in

_ALL = "json auto native"
_ONE = '{"name": "python_interpreter", "arguments": {"code": "print(1)"}}'
_TWO = '{"name": "python_interpreter", "arguments": {"code": "print(2)"}}'
_DATA = '{"name": "Ann", "age": 7}'
_A, _B = cell("print(1)"), cell("print(2)")


def _case(name: str, text: str, *calls: object, formats: str = _ALL, **expected: object) -> Case:
    protocol = "json" if calls else str(expected.pop("protocol", ""))
    return Case(name, formats, text, calls, protocol, **expected)  # type: ignore[arg-type]


JSON = (
    _case("block", f"```json\n{_ONE}\n```", _A, said=""),
    _case(
        "block with words",
        f"To solve it:\n\n```json\n{_ONE}\n```\n\nNow wait.",
        _A,
        said="To solve it:\n\n\n\nNow wait.",
    ),
    _case(
        "pretty block",
        '```json\n{\n  "name": "submit",\n  "arguments": {\n    "source": "x = 1"\n  }\n}\n```',
        hand_in("x = 1"),
    ),
    _case("capital letters", f"```JSON\n{_ONE}\n```", _A),
    _case("tool_call block", f"```tool_call\n{_ONE}\n```", _A),
    _case("no language", f"```\n{_ONE}\n```", _A),
    _case("wrong language", f"```python\n{_ONE}\n```", _A),
    _case("not closed", f"```json\n{_ONE}", _A),
    _case("bare", _ONE, _A, said=""),
    _case("bare with words", f"I call {_ONE} and wait.", _A, said="I call  and wait."),
    _case("bare twice", f"{_ONE}\n{_TWO}", _A, _B),
    _case("list", f"```json\n[{_ONE}, {_TWO}]\n```", _A, _B),
    _case("bare list", f"[{_ONE},\n {_TWO}]", _A, _B),
    _case("two blocks", f"```json\n{_ONE}\n```\n```json\n{_TWO}\n```", _A, _B),
    _case("two in one block", f"```json\n{_ONE}\n{_TWO}\n```", _A, _B),
    _case("key tool_calls", f'```json\n{{"tool_calls": [{_ONE}, {_TWO}]}}\n```', _A, _B),
    _case("doubled braces", f"```json\n{{{_ONE}}}\n```", _A, repaired="doubled braces"),
    _case("doubled braces, bare", f"{{{_ONE}}}", _A, repaired="doubled braces"),
    _case("missing brace", f"```json\n{_ONE[:-1]}\n```", _A, repaired="missing braces"),
    _case(
        "fence in code",
        '```json\n{"name": "submit", "arguments": {"source": "s = \'\\n```\\n\'"}}\n```',
        hand_in("s = '\n```\n'"),
    ),
    _case(
        "Python quotes",
        "```json\n{'name': 'submit', 'arguments': {'source': 'x'}}\n```",
        hand_in("x"),
        repaired="Python dict",
    ),
    _case(
        "raw newline", '```json\n{"name": "submit", "arguments": {"source": "a\nb"}}\n```', hand_in("a\nb")
    ),
    _case(
        "escaped twice",
        r'{"name": "submit", "arguments": {"source": "a = 1\\nb = 2"}}',
        hand_in("a = 1\nb = 2"),
        repaired="'source'",
    ),
    _case(
        "no arguments to tools without",
        '```json\n{"name": "submit", "arguments": {}}\n```',
        hand_in("x").__class__("submit"),
    ),
    _case("data before a call", f"Given {_DATA}:\n{_ONE}", _A),
    _case("data block before a call", f"```json\n{_DATA}\n```\n```json\n{_ONE}\n```", _A),
    _case("data after a call", f"{_ONE}\n{_DATA}", _A),
    _case(
        "invented output",
        f"```json\n{_ONE}\n```\n```output\n47.0\n```\n```json\n{_TWO}\n```",
        _A,
        invented=True,
    ),
    _case("invented answer of a user", f"```json\n{_ONE}\n```\n<|im_start|>user\n47", _A, invented=True),
    _case("data alone", f"```json\n{_DATA}\n```", error='the call has no "arguments"', no_call=True),
    _case("bare data alone", f"She is {_DATA}.", error='the call has no "arguments"', no_call=True),
    _case(
        "broken",
        '```json\n{"name": "submit", "arguments": {"source": "say "hi""}}\n```',
        protocol="json",
        error="the call is not valid JSON (Expecting ',' delimiter",
    ),
    _case(
        "broken, bare",
        '{"name": "submit", "arguments": {"source": "say "hi""}}',
        protocol="json",
        error="the call is not valid JSON",
    ),
    _case(
        "broken, the right form",
        '```json\n{"name" "submit"}\n```',
        protocol="json",
        error='write {"name": "...", "arguments": {...}}',
    ),
    _case(
        "cut off",
        '```json\n{"name": "submit", "arguments": {"source": "def',
        protocol="json",
        error="Unterminated string",
    ),
    _case(
        "quoted in a program",
        f"```python\ns = '{_ONE}'\n```",
        formats="json native",
        error="there is no",
        no_call=True,
    ),
    _case(
        "a number for arguments",
        '```json\n{"name": "a", "arguments": 3}\n```',
        protocol="json",
        error='"arguments" must be a JSON object',
    ),
    _case("words", "It is 8.", formats="json", error="there is no call", no_call=True),
)
