"""Commands for where the program is to stop, and what is to be shown there."""

from __future__ import annotations

import re

from .command import Command, UsageError, count_of
from .debugger import Debugger
from .evaluation import compiled

_CONDITION = re.compile(r"\s*(?P<place>[\w.:]*?)\s*(?:(?:,|\bif\b)\s*(?P<condition>.*))?", re.DOTALL)
_MOST_DISPLAYS = 20
_BREAK = "break LINE|FUNCTION [if CONDITION]"


def _break(debugger: Debugger, text: str, *, temporary: bool = False) -> str:
    found = _CONDITION.fullmatch(text)
    if found is None or found["condition"] == "":
        raise UsageError(f"{text[:60]!r} is no place; write: {_BREAK}")
    place, condition = found["place"].rpartition(":")[2].removesuffix("()"), found["condition"] or ""
    if not place:
        if debugger.stack is None:
            raise UsageError(f"there is no place; write: {_BREAK}")
        place = str(debugger.stack.line)
    line, remark = debugger.source.place_of(place)
    if condition:
        compiled(condition)
    made = debugger.breakpoints.add(
        line, place if not place.isdecimal() else str(line), condition, temporary=temporary
    )
    return f"{made.told()}: {debugger.source.line(line)}" + (f"\n({remark})" if remark else "")


def _tbreak(debugger: Debugger, text: str) -> str:
    return _break(debugger, text, temporary=True)


def _condition(debugger: Debugger, text: str) -> str:
    number, _, condition = text.partition(" ")
    found = debugger.breakpoints.get(_number(number, "condition NUMBER [CONDITION]"))
    if condition:
        compiled(condition)
    found.condition = condition.strip()
    return found.told()


def _ignore(debugger: Debugger, text: str) -> str:
    usage = "ignore NUMBER COUNT"
    number, _, count = text.partition(" ")
    found = debugger.breakpoints.get(_number(number, usage))
    found.ignore = 0 if count.strip() == "0" else count_of(count.strip(), usage)
    return found.told()


def _delete(debugger: Debugger, text: str) -> str:
    numbers = _numbers(debugger, text, "delete [NUMBER…]")
    debugger.breakpoints.remove(numbers)
    return f"deleted: {', '.join(map(str, numbers)) or 'nothing'}"


def _enable(debugger: Debugger, text: str) -> str:
    return _switch(debugger, text, on=True)


def _disable(debugger: Debugger, text: str) -> str:
    return _switch(debugger, text, on=False)


def _switch(debugger: Debugger, text: str, *, on: bool) -> str:
    found = [debugger.breakpoints.get(n) for n in _numbers(debugger, text, "enable|disable [NUMBER…]")]
    for each in found:
        each.enabled = on
    debugger.breakpoints.changed()
    return "\n".join(each.told() for each in found) or "there are no breakpoints"


def _watch(debugger: Debugger, text: str) -> str:
    if not text:
        raise UsageError("there is nothing to watch; write: watch EXPRESSION")
    made = debugger.watches.add(text, None if debugger.stack is None else debugger.stack.frame)
    return f"watch {made.number}: {made.text} = {made.shown}"


def _unwatch(debugger: Debugger, text: str) -> str:
    debugger.watches.remove(_number(text, "unwatch [NUMBER]") if text else None)
    return "\n".join(debugger.watches.told()) or "nothing is watched"


def _display(debugger: Debugger, text: str) -> str:
    if text:
        compiled(text)
        if len(debugger.displays) >= _MOST_DISPLAYS:
            raise UsageError(f"there are {_MOST_DISPLAYS} displays already; end some with undisplay")
        debugger.displays.append(text)
    return (
        "\n".join(f"display {n}: {each}" for n, each in enumerate(debugger.displays, 1))
        or "nothing is displayed"
    )


def _undisplay(debugger: Debugger, text: str) -> str:
    if not text:
        debugger.displays.clear()
    elif not 1 <= (number := _number(text, "undisplay [NUMBER]")) <= len(debugger.displays):
        raise UsageError(f"there is no display {text}")
    else:
        del debugger.displays[number - 1]
    return _display(debugger, "")


def _info(debugger: Debugger, text: str) -> str:
    told = [each.told() for each in debugger.breakpoints] + debugger.watches.told()
    told += [f"display {number}: {each}" for number, each in enumerate(debugger.displays, 1)]
    return "\n".join(told) or "there are no breakpoints, watches and displays"


def _number(text: str, usage: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError(f"{text[:40]!r} is no number; write: {usage}")
    return int(text)


def _numbers(debugger: Debugger, text: str, usage: str) -> list[int]:
    """Those in the text; all of them if there are none."""
    if not text:
        return [each.number for each in debugger.breakpoints]
    return [debugger.breakpoints.get(_number(word, usage)).number for word in text.replace(",", " ").split()]


COMMANDS = (
    Command(("break", "b"), "LINE|FUNCTION [if CONDITION]", "stops there, before the line runs", _break),
    Command(("tbreak",), "LINE|FUNCTION [if CONDITION]", "the same, once", _tbreak),
    Command(
        ("condition",), "NUMBER [CONDITION]", "changes or drops the condition of a breakpoint", _condition
    ),
    Command(("ignore",), "NUMBER COUNT", "passes a breakpoint so many times", _ignore),
    Command(("delete", "clear"), "[NUMBER…]", "deletes breakpoints, all without a number", _delete),
    Command(("disable",), "[NUMBER…]", "turns breakpoints off", _disable),
    Command(("enable",), "[NUMBER…]", "turns them on again", _enable),
    Command(("watch",), "EXPRESSION", "stops when its value changes", _watch),
    Command(("unwatch",), "[NUMBER]", "ends watches", _unwatch),
    Command(("display",), "EXPRESSION", "shows its value at every stop", _display),
    Command(("undisplay",), "[NUMBER]", "ends displays", _undisplay),
    Command(("info", "breakpoints"), "", "lists breakpoints, watches and displays", _info),
)
