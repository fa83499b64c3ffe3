"""Calls of the debugger as text, for the formats in which a message is Python code.

Each line is a command. What else a call may have stands in sections, whose headings begin a line:

    program:
    n = int(input())
    print(10 / n)
    stdin: 0
    commands:
    run
    print n

A text that is a JSON object is the arguments as they are.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from ..debugger.debugger_tool import COMMANDS_IN_SHORT, Debugger
from ..tool import Tool
from ..tool_call import ToolCall

_HEADING = re.compile(r"^(program|stdin|args|commands?):[ \t]*(.*)$", re.MULTILINE)
_HELP = (
    " A {block} debugs a program, like gdb: it stands still between messages. "
    "One command a line: {commands}. "
    "Lines before them may be `program:` and its source (else the last cell is debugged), "
    "`stdin:` and its input, `args:`; then `commands:`."
)


def debugger_help(tools: Sequence[Tool], block: str) -> str:
    """What a system prompt says of the debugger; empty where there is none."""
    if not any(tool.name == Debugger.name for tool in tools):
        return ""
    return _HELP.format(block=block, commands=COMMANDS_IN_SHORT)


def debugger_call(text: str) -> ToolCall:
    """The call that a text makes."""
    given = _as_json(text)
    return ToolCall(Debugger.name, _sections(text) if given is None else given)


def debugger_text(call: ToolCall) -> str:
    """The text that makes this call."""
    arguments = call.arguments
    parts = [f"program:\n{arguments['program']}"] if arguments.get("program") is not None else []
    parts += (
        [f"stdin:\n{arguments['stdin']}".removesuffix("\n")] if arguments.get("stdin") is not None else []
    )
    parts += [f"args: {shlex.join(arguments['args'])}"] if arguments.get("args") is not None else []
    command = arguments.get("command", "")
    text = "\n".join([*parts, f"commands:\n{command}"]) if parts else command
    return text if debugger_call(text) == call else json.dumps(dict(arguments), ensure_ascii=False)


def _as_json(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _sections(text: str) -> dict[str, Any]:
    headings = list(_HEADING.finditer(text))
    first = text[: headings[0].start()] if headings else text
    sections: dict[str, Any] = {"command": first.strip()} if first.strip() or not headings else {}
    ends = [*(heading.start() - 1 for heading in headings[1:]), len(text)]
    for heading, end in zip(headings, ends, strict=False):
        body = text[heading.end() : end].removeprefix("\n")
        content = f"{heading[2]}\n{body}" if heading[2] and body else heading[2] or body
        match heading[1]:
            case "args":
                sections["args"] = _words(content)
            case "program":
                sections["program"] = content
            case "stdin":
                sections["stdin"] = f"{content}\n" if content else ""
            case _:
                sections["command"] = "\n".join(filter(None, [sections.get("command", ""), content.strip()]))
    return sections


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
