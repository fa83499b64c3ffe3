"""Calls in the tags of Qwen3-Coder."""

from __future__ import annotations

from .case import Case, cell, hand_in

_ALL = "xml hermes auto native"


def _case(name: str, text: str, *calls: object, formats: str = _ALL, **expected: object) -> Case:
    protocol = "xml" if calls else str(expected.pop("protocol", ""))
    return Case(name, formats, text, calls, protocol, **expected)  # type: ignore[arg-type]


def _function(code: str) -> str:
    return f"<function=python_interpreter>\n<parameter=code>\n{code}\n</parameter>\n</function>"


def _call(code: str) -> str:
    return f"<tool_call>\n{_function(code)}\n</tool_call>"


_A = cell("print(1)")

XML = (
    _case("plain", _call("print(1)"), _A, said=""),
    _case("with words", f"I run it.\n\n{_call('print(1)')}", _A, said="I run it."),
    _case(
        "several lines", _call("for i in range(3):\n    print(i)"), cell("for i in range(3):\n    print(i)")
    ),
    _case(
        "on one line",
        "<tool_call><function=submit><parameter=source>x</parameter></function></tool_call>",
        hand_in("x"),
    ),
    _case("carriage returns", _call("print(1)").replace("\n", "\r\n"), _A),
    _case(
        "indented",
        "<tool_call>\n <function=submit>\n  <parameter=source>\nx\n  </parameter>\n </function></tool_call>",
        hand_in("x\n  "),
    ),
    _case("two", f"{_call('print(1)')}\n{_call('print(2)')}", _A, cell("print(2)")),
    _case(
        "two arguments",
        "<tool_call>\n<function=submit>\n<parameter=source>\nx\n</parameter>\n<parameter=count>\n3\n</parameter>\n</function>\n</tool_call>",
        hand_in("x").__class__("submit", {"source": "x", "count": "3"}),
    ),
    _case(
        "no arguments",
        "<tool_call>\n<function=submit>\n</function>\n</tool_call>",
        hand_in("x").__class__("submit"),
    ),
    _case("blank lines kept", _call("\nprint(1)\n"), cell("\nprint(1)\n")),
    _case("markup in code", _call("print('<b>&amp;</b>')"), cell("print('<b>&amp;</b>')")),
    _case("quotes in code", _call("print(\"a\", 'b')"), cell("print(\"a\", 'b')")),
    _case("backslashes in code", _call(r"re.match('\d', s)"), cell(r"re.match('\d', s)")),
    _case("fence in code", _call("s = '''\n```python\n```\n'''"), cell("s = '''\n```python\n```\n'''")),
    _case("closing tag in code", _call("s = '</parameter>'"), cell("s = '</parameter>'")),
    _case(
        "closing tags in a long string",
        _call("s = '''</parameter>\n</function>\n</tool_call>'''"),
        cell("s = '''</parameter>\n</function>\n</tool_call>'''"),
    ),
    _case("function in code", _call("s = '<function=a>'"), cell("s = '<function=a>'")),
    _case(
        "no opening tag", f"I look.\n\n{_function('print(1)')}\n</tool_call>", _A, repaired="no <tool_call>"
    ),
    _case("no tool_call tags", f"I look.\n{_function('print(1)')}", _A, repaired="no <tool_call>"),
    _case("no closing tag", f"<tool_call>\n{_function('print(1)')}", _A, repaired="no </tool_call>"),
    _case(
        "no end of the argument",
        _call("print(1)").replace("</parameter>\n", ""),
        _A,
        repaired="no </parameter>",
    ),
    _case(
        "no end of the function",
        _call("print(1)").replace("</function>\n", ""),
        _A,
        repaired="no </function>",
    ),
    _case(
        "invented response", f"{_call('print(1)')}\n<tool_response>\n1\n</tool_response>", _A, invented=True
    ),
    _case("invented turn", f"{_call('print(1)')}<|im_end|>\n<|im_start|>user\n1", _A, invented=True),
    _case("in a fence", f"```xml\n{_call('print(1)')}\n```", _A),
    _case(
        "named in a sentence",
        "Write <function=name> there.",
        formats="xml hermes native",
        error="there is no tool call",
        no_call=True,
    ),
    _case(
        "cut off in code",
        "<tool_call>\n<function=python_interpreter>\n<parameter=code>\nfor i in",
        protocol="xml",
        error="the argument 'code' is not closed with </parameter>",
    ),
    _case(
        "cut off between arguments",
        "<tool_call>\n<function=submit>\n<parameter=source>\nx\n</parameter>\n",
        protocol="xml",
        error="does not end with </function>",
    ),
    _case(
        "words in the call",
        "<tool_call>\n<function=submit>\nplease\n</function>\n</tool_call>",
        protocol="xml",
        error="does not end with </function>",
    ),
    _case(
        "no name",
        "<tool_call>\n<function=>\n</function>\n</tool_call>",
        error="names no tool",
        no_call=True,
        formats="xml hermes native",
    ),
)
