"""Commands that look at the program where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable

from .alarm import Overrun
from .command import Command, UsageError, count_of, nothing
from .debugger import Debugger
from .evaluation import evaluate, execute
from .stack import Stack, place_of
from .tracer import text_of

_SECONDS = 2.0
_PAGE, _MOST_LINES = 11, 80
_RANGE = re.compile(r"(\d+)\s*[,-]\s*(\d+)")


def _print(debugger: Debugger, text: str) -> str:
    if not text:
        raise UsageError("there is nothing to print; write: print EXPRESSION")
    return _guarded(debugger, lambda: debugger.texts.long(evaluate(text, debugger.scope)))


def _set(debugger: Debugger, text: str) -> str:
    if not text:
        raise UsageError("there is no statement; write: ! STATEMENT, such as ! x = 5")

    def look() -> str:
        execute(text, debugger.scope)
        return "done"

    return _guarded(debugger, look)


def run_python(debugger: Debugger, text: str) -> str:
    """Evaluates what is no command but Python.

    Raises:
        SyntaxError: If it is neither.
    """
    try:
        compile(text, "<debugger>", "eval")
    except SyntaxError:
        compile(text, "<debugger>", "exec")
        return _set(debugger, text)
    return _print(debugger, text)


def _guarded(debugger: Debugger, look: Callable[[], str]) -> str:
    """What foreign code gives, or how it went wrong; it has a limited time."""
    seconds = min(_SECONDS, debugger.seconds)
    try:
        with debugger.alarm.limit(seconds):
            return look()
    except Overrun:
        return f"it does not end: interrupted after {seconds:.3g} s; the program stands where it stood"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - foreign code
        return f"{type(error).__name__}: {text_of(error)}"


def _locals(debugger: Debugger, text: str) -> str:
    nothing(text, "locals")
    return debugger.view.variables(debugger.scope)


def _globals(debugger: Debugger, text: str) -> str:
    nothing(text, "globals")
    names = debugger.process.names
    return debugger.view.variables(debugger.scope.__class__(names, names))


def _args(debugger: Debugger, text: str) -> str:
    nothing(text, "args")
    code = _stack(debugger).frame.f_code
    names = code.co_varnames[
        : code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    ]
    shown = [
        f"{name} = {debugger.texts.short(value)}"
        for name in names
        if (value := debugger.scope.locals.get(name, debugger)) is not debugger
    ]
    return "\n".join(shown) or "there are no arguments"


def _where(debugger: Debugger, text: str) -> str:
    nothing(text, "where")
    return _stack(debugger).told(debugger.source)


def _up(debugger: Debugger, text: str) -> str:
    return _move(debugger, count_of(text, "up [COUNT]"))


def _down(debugger: Debugger, text: str) -> str:
    return _move(debugger, -count_of(text, "down [COUNT]"))


def _frame(debugger: Debugger, text: str) -> str:
    stack = _stack(debugger)
    if text.isdecimal() and int(text) < len(stack.places):
        stack.index = int(text)
    elif text:
        raise UsageError(
            f"there is no call {text[:40]!r}; `where` numbers them from 0 to {len(stack.places) - 1}"
        )
    return _move(debugger, 0)


def _move(debugger: Debugger, steps: int) -> str:
    stack = _stack(debugger)
    stack.move(steps)
    debugger.listed = 0
    place = (stack.frame, stack.line)
    return f"#{stack.index} {place_of(*place)}\n{debugger.view.window(*place)}"


def _list(debugger: Debugger, text: str) -> str:
    source = debugger.source
    size = len(source.lines)
    here = debugger.stack.line if debugger.stack is not None else 0
    if (found := _RANGE.fullmatch(text)) is not None:
        first, last = int(found[1]), int(found[2])
    elif text:
        middle = source.place_of(text)[0] if not text.isdecimal() else int(text)
        first, last = middle - _PAGE // 2, middle + _PAGE // 2
    else:
        first = debugger.listed + 1 if debugger.listed else max(here - _PAGE // 2, 1)
        last = first + _PAGE - 1
    first, last = max(first, 1), min(last, size, first + _MOST_LINES - 1)
    if first > last:
        debugger.listed = 0
        return f"the program has {size} lines"
    debugger.listed = last
    return source.numbered(first, last, here)


def _stack(debugger: Debugger) -> Stack:
    if debugger.stack is None:
        raise UsageError(
            "the program has ended"
            if debugger.started
            else "the program does not run yet; `run` or `start` it"
        )
    return debugger.stack


COMMANDS = (
    Command(("print", "p", "pp"), "EXPRESSION", "its value in the selected call", _print),
    Command(("!", "set", "exec"), "STATEMENT", "runs it in the selected call, such as ! x = 5", _set),
    Command(("locals",), "", "the variables of the selected call", _locals),
    Command(("globals",), "", "the variables of the program", _globals),
    Command(("args",), "", "the arguments of the selected call", _args),
    Command(("where", "bt", "backtrace", "w"), "", "the calls that have led here", _where),
    Command(("up", "u"), "[COUNT]", "selects the caller", _up),
    Command(("down", "d"), "[COUNT]", "selects the call that it made", _down),
    Command(("frame", "f"), "NUMBER", "selects a call by its number", _frame),
    Command(("list", "l"), "[LINE|FIRST,LAST|FUNCTION]", "the program's text", _list),
)
