"""When the running program stops: the standard library's `Bdb`, for code of the program alone.

Only functions with a breakpoint in them are followed line by line, all others run at the cost of a call. A
stop that is due soon is made at the next line of the program.
"""

from __future__ import annotations

import bdb
import inspect
import os
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Iterator
from dis import opname
from itertools import islice
from types import CodeType, FrameType, TracebackType
from typing import Any

from .breakpoints import Breakpoints
from .source import FILE
from .watches import Watches

_SUSPENDS = ("YIELD_VALUE", "RETURN_GENERATOR", "RESUME", "SEND", "YIELD_FROM")
_MOST_RETURNS = 3
_MOST_FOLLOWED = 1000
"""Calls that are followed from a stop outwards."""
_OWN = __name__.rpartition(".")[0]
_INSTALLED = tuple(
    {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
)
Stopped = Callable[[FrameType, list[str]], None]


class Tracer(bdb.Bdb):
    """Runs the program and calls `stopped` where it stops, which returns when it is to go on."""

    _set_stopinfo: Callable[..., None]
    botframe: FrameType | None
    stopframe: FrameType | None
    returnframe: FrameType | None

    def __init__(
        self, breakpoints: Breakpoints, watches: Watches, show: Callable[[object], str], stopped: Stopped
    ) -> None:
        super().__init__()
        self.show = show
        self._breakpoints = breakpoints
        self._watches = watches
        self._stopped = stopped
        self._notes: list[str] = []
        self._is_due = False
        self._stood: tuple[FrameType | None, int] = (None, 0)
        self._own_code: dict[CodeType, bool] = {}
        self.my_code_only = True
        """Whether code of libraries is passed over."""
        self.paused = False
        """Whether the program stands still, so that nothing that is evaluated can stop."""
        self.returned: deque[tuple[str, Any]] = deque(maxlen=_MOST_RETURNS)
        """The last functions that were left while stepping since the last stop, and their values."""
        self.lost_track = False
        """Whether the program has ended without being followed to its end, though it was to be."""
        self.leaving: FrameType | None = None
        """The call at whose end the program stands."""
        self.reset()

    def run_code(self, code: CodeType, names: dict[str, Any], *, stop_first: bool) -> None:
        """Runs the program to its end; what it raises is raised."""
        self.botframe = sys._getframe()
        self.set_continue()
        if stop_first:
            self.set_step()
        if stop_first or self._watched:
            sys.settrace(self.trace_dispatch)
        try:
            exec(code, names)
        finally:
            self.lost_track = not self.runs_free and sys.gettrace() != self.trace_dispatch
            sys.settrace(None)

    def is_mine(self, code: CodeType) -> bool:
        """Whether the code belongs to the program, or is to be treated so."""
        mine = self._own_code.get(code)
        if mine is None:
            mine = self._own_code[code] = self._is_mine(code.co_filename)
        return mine

    def set_my_code_only(self, value: bool) -> None:
        """Says whether code of libraries is passed over."""
        self.my_code_only = value
        self._own_code.clear()

    def frames_from(self, frame: FrameType | None) -> Iterator[FrameType]:
        """The program's frames from one outwards, the innermost first."""
        while frame is not None and frame is not self.botframe:
            if self.is_mine(frame.f_code):
                yield frame
            frame = frame.f_back

    def follow(self, frame: FrameType | None, calls: int = _MOST_FOLLOWED) -> None:
        """Has the calls from a frame outwards tell of their lines, whatever it was when they were made."""
        for each in islice(self.frames_from(frame), calls):
            each.f_trace = self.trace_dispatch
        sys.settrace(self.trace_dispatch)

    def stop_soon(self, frame: FrameType | None, note: str) -> None:
        """Stops at the next line of the program, or where a call of it returns."""
        self._notes = [note]
        self._is_due = True
        self.set_step()
        self.follow(frame)

    def set_continue(self) -> None:
        """Stops at breakpoints and watches alone; without any the program runs at full speed."""
        self._set_stopinfo(self.botframe, None, -1)

    def set_finish(self, frame: FrameType) -> None:
        """Stops where a call returns, or a generator yields."""
        self._set_stopinfo(self.botframe, frame, -1)

    def dispatch_call(self, frame: FrameType, arg: Any) -> Any:
        """A call begins: is it to be followed?"""
        if self.paused or not self.is_mine(frame.f_code):
            return None
        stepping = (self.stopframe in (None, frame) and not is_inlined(frame)) or self.returnframe is frame
        if stepping or self._watches or self._breakpoints.may_stop_in(frame.f_code):
            return self.trace_dispatch
        return None

    def dispatch_line(self, frame: FrameType) -> Any:
        """A line is about to run: is it to stop?"""
        if self.paused or not self.is_mine(frame.f_code):
            return self.trace_dispatch
        notes = self._watches.news(frame) if self._watches else ""
        goes_on = self._is_same_line(frame)
        hit = "" if goes_on else self._breakpoints.hit(frame)
        if hit or notes or self._is_due or (not goes_on and self.stop_here(frame)):
            self._stop(frame, [hit, notes])
        return self.trace_dispatch

    def dispatch_return(self, frame: FrameType, arg: Any) -> Any:
        """A call returns or is suspended."""
        if self.paused or not self.is_mine(frame.f_code):
            return self.trace_dispatch
        leaves = _how_it_leaves(frame)
        if leaves != "yields" and self._watches.owns(frame):
            self._watches.left(frame)
        steps_out = leaves != "yields" and self.stopframe in (None, frame) and self.stoplineno != -1
        stops = frame is self.returnframe or self._is_due
        if steps_out and not stops and leaves == "returns" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self.returned.append((frame.f_code.co_name, arg))
        if stops and not (leaves == "yields" and frame.f_code.co_flags & inspect.CO_COROUTINE):
            self.leaving = frame
            self._stop(frame, [self._told_leaving(frame, leaves, arg)])
            self.leaving = None
        if leaves != "yields" and self.stopframe in (None, frame) and self.stoplineno != -1:
            self._set_stopinfo(None, None)
            self.follow(frame.f_back, 1)
        return self.trace_dispatch

    def dispatch_exception(self, frame: FrameType, arg: tuple[Any, Any, TracebackType]) -> Any:
        """An exception passes through a call that is followed."""
        kind, value, _ = arg
        if (
            not self.paused
            and self.stop_here(frame)
            and kind not in (StopIteration, StopAsyncIteration, GeneratorExit)
        ):
            self._notes.append(f"raised {kind.__name__}: {text_of(value)}")
        return self.trace_dispatch

    def _told_leaving(self, frame: FrameType, leaves: str, value: object) -> str:
        """How a function is left, and with what; a module just ends."""
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return ""
        return f"{frame.f_code.co_name} {leaves}" + ("" if leaves == "raises" else f" {self.show(value)}")

    def _is_same_line(self, frame: FrameType) -> bool:
        """Whether the line of the last stop goes on: a comprehension in it is a loop or call of its own."""
        if is_inlined(frame):
            return frame.f_lineno == frame.f_code.co_firstlineno
        place = (frame, frame.f_lineno)
        if frame is self._stood[0] and place != self._stood:
            self._stood = (None, 0)
        return place == self._stood

    @property
    def runs_free(self) -> bool:
        """Whether nothing but its end can stop the program."""
        return self.stopframe is self.botframe and self.returnframe is None and not self._watched

    @property
    def _watched(self) -> bool:
        return bool(self._breakpoints or self._watches)

    def _stop(self, frame: FrameType, notes: list[str]) -> None:
        told, self._notes, self._is_due = [note for note in (*self._notes, *notes) if note], [], False
        self._stood = (frame, frame.f_lineno)
        self._stopped(frame, told)
        self.returned.clear()

    def _is_mine(self, file: str) -> bool:
        if file == FILE:
            return True
        if file.startswith("<") or _OWN in file or "replgym_inside" in file:
            return False
        path = os.path.abspath(file)
        if not self.my_code_only:
            return True
        return path.startswith(f"{os.getcwd()}{os.sep}") and not path.startswith(_INSTALLED)


def is_inlined(frame: FrameType) -> bool:
    """Whether it is no call to a reader, but a part of its line: newer versions of Python make none of it."""
    return frame.f_code.co_name in ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


def _how_it_leaves(frame: FrameType) -> str:
    """Whether a call that is left `returns`, `yields` or `raises`."""
    operation = opname[frame.f_code.co_code[frame.f_lasti]] if frame.f_lasti >= 0 else ""
    if operation.startswith("RETURN") and operation != "RETURN_GENERATOR":
        return "returns"
    return "yields" if operation in _SUSPENDS else "raises"


def text_of(value: object) -> str:
    """What an exception says."""
    try:
        return str(value)[:200]
    except Exception:  # noqa: BLE001 - foreign code behind str()
        return "<no printable value>"
