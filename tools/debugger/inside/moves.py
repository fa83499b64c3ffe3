"""Commands that have the program go on. Each stops by itself when the time of a command is over."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType

from .command import Command, UsageError, count_of, nothing
from .debugger import Debugger


def _run(debugger: Debugger, text: str) -> None:
    nothing(text, "run")
    if debugger.started:
        raise UsageError("the program was started already")


def _start(debugger: Debugger, text: str) -> None:
    _run(debugger, text)
    debugger.stop_first = True


def _step(debugger: Debugger, text: str) -> None:
    _repeated(debugger, count_of(text, "step [COUNT]"), lambda _: debugger.tracer.set_step())


def _next(debugger: Debugger, text: str) -> None:
    _repeated(debugger, count_of(text, "next [COUNT]"), debugger.tracer.set_next)


def _repeated(debugger: Debugger, count: int, go: Callable[[FrameType], None]) -> None:
    if not _begins(debugger):
        debugger.repeat = (count - 1, go) if count > 1 else None
        go(_innermost(debugger))


def _continue(debugger: Debugger, text: str) -> None:
    nothing(text, "continue")
    if debugger.started:
        _innermost(debugger)
        debugger.tracer.set_continue()


def _finish(debugger: Debugger, text: str) -> None:
    nothing(text, "finish")
    frame = _selected(debugger)
    if frame is debugger.tracer.leaving:
        debugger.tracer.set_step()
    else:
        debugger.tracer.set_finish(frame)


def _until(debugger: Debugger, text: str) -> None:
    frame = _selected(debugger)
    line = frame.f_lineno + 1 if not text else debugger.source.place_of(text)[0]
    debugger.tracer.set_until(frame, line)


def _library(debugger: Debugger, text: str) -> str:
    if text not in ("on", "off"):
        raise UsageError("write: library on, or library off")
    debugger.tracer.set_my_code_only(text == "off")
    return f"step {'enters' if text == 'on' else 'passes over'} code of libraries"


def _begins(debugger: Debugger) -> bool:
    """Whether the program begins with this, and stops at its first line."""
    debugger.stop_first = not debugger.started
    return debugger.stop_first


def _innermost(debugger: Debugger) -> FrameType:
    if debugger.ended:
        raise UsageError("the program has ended; `run` starts it again")
    if debugger.stack is None:
        raise UsageError("the program does not run yet; `run` or `start` it")
    return debugger.stack.places[0][0]


def _selected(debugger: Debugger) -> FrameType:
    _innermost(debugger)
    assert debugger.stack is not None
    return debugger.stack.frame


COMMANDS = (
    Command(("run", "restart"), "", "runs the program from its beginning, up to a stop or its end", _run),
    Command(("start",), "", "the same, and stops at its first line", _start),
    Command(("step", "s"), "[COUNT]", "runs to the next line, also in a function that is called", _step),
    Command(("next", "n"), "[COUNT]", "runs to the next line of this function", _next),
    Command(
        ("finish", "return", "r"), "", "runs until the selected call returns, and shows the value", _finish
    ),
    Command(("until", "unt"), "[LINE]", "runs to a later line of the selected call: out of a loop", _until),
    Command(("continue", "c", "cont"), "", "runs on to the next stop", _continue),
    Command(("library",), "on|off", "whether step enters code of libraries", _library),
)
