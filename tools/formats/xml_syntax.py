"""Calls as Qwen3-Coder writes them: tags for the function and for each argument, whose text stands as it is.

    <tool_call>
    <function=python_interpreter>
    <parameter=code>
    print(1)
    </parameter>
    </function>
    </tool_call>

All arguments are texts here; the schema of the tool says later what they mean. The model forgets tags at
times, the first one most of all. A closing tag ends an argument only where a tag follows and it stands in no
long string of Python.
"""

from __future__ import annotations

import json
import re

from ..tool_call import ToolCall
from .call_syntax import MalformedCallError, NotACallError, ReadCalls, past_space
from .hermes_syntax import CLOSE, OPEN
from .long_strings import first_outside

EXAMPLE = f"{OPEN}<function=NAME><parameter=KEY>VALUE</parameter></function>{CLOSE}"
_OPENING = re.compile(rf"({OPEN}\s*+|[ \t]*+)<function=([^<>\n]{{1,200}})>")
_PARAMETER = re.compile(r"\s*+<parameter=([^<>\n]{1,200})>(\r?\n)?")
_VALUE_END = re.compile(rf"</parameter>(?=\s*+(?:<parameter=|</function>|{CLOSE}|\Z))")
_NEXT_TAG = re.compile(rf"^[ \t]*+(?:<parameter=|</function>\s*+{CLOSE})", re.MULTILINE)
_FUNCTION_END = "</function>"
_MOST = 64
"""Arguments of one call."""


class XmlSyntax:
    """Reads one function with its arguments."""

    name = "xml"
    opening = r"<tool_call>\s*+<function=|^[ \t]*+<function="

    def read(self, text: str, start: int) -> ReadCalls:
        """Reads one call.

        Raises:
            MalformedCallError: If it cannot be read.
        """
        opening = _OPENING.match(text, start)
        if opening is None:
            raise NotACallError(f"<function= names no tool; write {EXAMPLE}")
        tagged, notes = bool(opening[1].strip()), []
        arguments: dict[str, str] = {}
        place = opening.end()
        while (parameter := _PARAMETER.match(text, place)) is not None and len(arguments) < _MOST:
            arguments[parameter[1].strip()], place, note = _value(text, parameter)
            notes += note
        if not tagged:
            notes.append(f"no {OPEN}")
        end = _end(text, place, notes)
        return ReadCalls((ToolCall(opening[2].strip(), arguments),), end, ", ".join(dict.fromkeys(notes)))


def render_xml_call(call: ToolCall) -> str:
    """The call in tags; arguments that are no texts as JSON."""
    values = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in call.arguments.items()
    }
    inner = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
    return f"{OPEN}\n<function={call.name}>\n{inner}</function>\n{CLOSE}"


def _value(text: str, parameter: re.Match[str]) -> tuple[str, int, list[str]]:
    """The text of an argument without a line break at each end, where it ends, and what was mended."""
    begin, newline = parameter.end(), parameter[2] or ""
    closing = first_outside(text, begin, _VALUE_END.finditer(text, begin))
    if closing is not None:
        return text[begin : closing.start()].removesuffix(newline), closing.end(), []
    following = first_outside(text, begin, _NEXT_TAG.finditer(text, begin))
    if following is None:
        raise MalformedCallError(
            f"the argument {parameter[1][:40]!r} is not closed with </parameter>; write {EXAMPLE}"
        )
    value = text[begin : following.start()].removesuffix("\n").removesuffix("\r")
    return value, following.start(), ["no </parameter>"]


def _end(text: str, place: int, notes: list[str]) -> int:
    """Past the closing tags; says which are missing. A text that just ends may lack arguments too."""
    for tag in (_FUNCTION_END, CLOSE):
        found = past_space(text, place)
        if text.startswith(tag, found):
            place = found + len(tag)
        elif tag == _FUNCTION_END and not text.startswith((CLOSE, OPEN), found):
            raise MalformedCallError(f"the call does not end with {_FUNCTION_END}; write {EXAMPLE}")
        elif f"no {OPEN}" not in notes or tag == _FUNCTION_END:
            notes.append(f"no {tag}")
    return place
