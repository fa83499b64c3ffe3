"""The debugger's state: the program, where it stands, and the conversation with the host.

While the program stands still, at a line, in a call that blocks, or at its end, the host is asked for
commands, one by one. Each command that has the program go on has some seconds; then the program is stopped
where it is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from .alarm import Alarm, Overrun
from .breakpoints import Breakpoints
from .evaluation import Scope, evaluate
from .process import Process
from .source import Source
from .stack import Stack, place_of
from .tracer import Tracer
from .values import ValueText, cut
from .view import View
from .watches import Watches
from .wire import Report, ask_host

_MOST_TEXT = 12_000
_HEADROOM = 2000
"""Calls that are left for the debugger at the limit of recursion."""
_PATIENCE = 20
"""Signals after which an evaluation within the machinery is broken off."""
_LOST_TRACK = (
    "(breakpoints could not stop it to its end: it set a trace function, or ran into the limit of recursion)"
)
_KERNEL = ("replgym_inside", "ipykernel", "IPython", f"{os.sep}zmq{os.sep}", "<replgym_debugger")


class Debugger:
    """One program, which is run at most once.

    Args:
        source: The program.
        setup: Its input and arguments, and what an earlier debugger gave as its state.
        ask: Asks the host.
    """

    def __init__(self, source: Source, setup: Mapping[str, Any], ask: Callable[[str], str]) -> None:
        self.source = source
        self.alarm = Alarm()
        self.texts = ValueText(self.alarm)
        state = setup["state"]
        self.breakpoints = Breakpoints.of(state["breakpoints"]) if "breakpoints" in state else Breakpoints()
        self.watches = Watches(self.texts)
        self.displays: list[str] = list(state.get("displays", ()))
        self.tracer = Tracer(self.breakpoints, self.watches, self.texts.short, self._stopped)
        self.process = Process(source, setup["stdin"], setup["args"])
        self.stack: Stack | None = None
        self.started = False
        self.ended = ""
        """How the program ended; empty while it has not."""
        self.listed = 0
        """The last line that was listed."""
        self.repeat: tuple[int, Callable[[FrameType], None]] | None = None
        """How often a step is to be made again, and how."""
        self.stop_first = False
        self.seconds = 1.0
        self._ask = ask
        self._late = 0
        self.view = View(source, self.texts)
        for text in state.get("watches", ()):
            self.watches.add(text, None)

    def serve(self, carry_out: Callable[[Debugger, str], str | None]) -> None:
        """Runs the program, and answers until the host has had enough.

        Args:
            carry_out: Carries a command out; gives what it says, or None when the program is to go on.
        """
        self._carry_out = carry_out
        self.talk("")
        self.started = True
        self._run()

    @property
    def scope(self) -> Scope:
        """The names in sight."""
        if self.stack is not None:
            return Scope.of(self.stack.frame)
        names = self.process.names
        return Scope(names, names)

    def talk(self, text: str) -> None:
        """Reports and carries commands out, until one has the program go on; at its end none does."""
        self.alarm.disarm()
        self.tracer.paused = True
        with _recursion_headroom():
            answer: str | None = text
            while answer is not None:
                answer = self._answer(answer)
        self.tracer.paused = False
        self.stack = None
        self._late = 0
        self.alarm.arm(self.seconds, self._overdue)

    def _answer(self, text: str) -> str | None:
        """Reports, and carries out the command that comes."""
        with self.process.at_rest():
            request = ask_host(self._ask, Report(cut(text, _MOST_TEXT), self._state(), self.started))
        self.seconds = request.seconds
        self.texts.renew()
        try:
            return self._carry_out(self, request.command)
        except SyntaxError as error:
            return f"SyntaxError: {error.msg}"
        except (LookupError, ValueError, RecursionError, MemoryError) as error:
            return str(error) or type(error).__name__

    def _state(self) -> dict[str, Any]:
        return {
            "breakpoints": self.breakpoints.state(),
            "watches": self.watches.expressions(),
            "displays": self.displays,
        }

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            with self.process.running(self._end_here, self._break_here):
                self.alarm.arm(self.seconds, self._overdue)
                self.tracer.run_code(self.source.code, self.process.names, stop_first=self.stop_first)
                self._await_threads()
        except BaseException as raised:  # noqa: BLE001 - the boundary of the program: whatever it raises is its end
            error = raised
        self.alarm.disarm()
        self.talk(self._told_end(error))

    def _await_threads(self) -> None:
        """As at the end of a process."""
        try:
            with self.alarm.limit(self.seconds):
                for thread in threading.enumerate():
                    if not thread.daemon and thread is not threading.main_thread():
                        thread.join()
        except Overrun:
            self.ended = "the program came to its end, but a thread of it still runs"

    def _told_end(self, error: BaseException | None) -> str:
        if error is None:
            self.ended = self.ended or "the program ended"
            return self._told_ended()
        self.stack = Stack.from_traceback(error.__traceback__, self.tracer)
        self.stack = self.stack if self.stack.places else None
        if isinstance(error, SystemExit):
            self.ended = f"the program exited with {_status(error.code)}"
            return self._told_ended()
        self.ended = f"the program raised {_told_error(error)}"
        sections = [self._told_ended(), *self._raised_elsewhere(error)]
        if self.stack is not None:
            sections.append(place_of(*self.stack.places[0]))
            sections += self.view.stop(self.stack, at_end=True)
            sections += [f"called from {told}" for told in self.stack.callers(self.source)]
        return "\n".join(sections)

    def _told_ended(self) -> str:
        """How the program ended, and whether it could have been stopped before."""
        returns = ", ".join(self._told_returns())
        return "\n".join(filter(None, [returns, self.ended, _LOST_TRACK if self.tracer.lost_track else ""]))

    def _told_returns(self) -> list[str]:
        """What the functions gave that were left since the last stop."""
        return [f"{name} returned {self.texts.short(value)}" for name, value in self.tracer.returned]

    def _raised_elsewhere(self, error: BaseException) -> list[str]:
        """The place in a library, and the exception that was handled at that time."""
        trace, told = error.__traceback__, []
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        file = trace.tb_frame.f_code.co_filename if trace is not None else ""
        if trace is not None and not self.tracer.is_mine(trace.tb_frame.f_code) and not file.startswith("<"):
            code = trace.tb_frame.f_code
            told.append(f"raised in a library: {code.co_name} in {file.rpartition('/')[2]}")
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            told.append(f"{'because of' if error.__cause__ else 'while handling'} {_told_error(cause)}")
        if isinstance(error, BaseExceptionGroup):
            told += [f"with {_told_error(each)}" for each in error.exceptions[:5]]
        return told

    def _stopped(self, frame: FrameType, notes: list[str]) -> None:
        """The program stands still at a line."""
        if self.repeat is not None and not notes:
            left, again = self.repeat
            self.repeat = (left - 1, again) if left > 1 else None
            again(frame)
            return
        self.repeat = None
        self.alarm.disarm()
        self.tracer.paused = True
        self.texts.renew()
        with _recursion_headroom():
            text = self._told_stop(frame, notes)
        self.talk(text)
        self.tracer.follow(frame)
        if self.tracer.runs_free:
            sys.settrace(None)

    def _told_stop(self, frame: FrameType, notes: list[str]) -> str:
        self.stack = Stack.from_frame(frame, self.tracer)
        self.listed = 0
        notes = [*self._told_returns(), *notes]
        head = place_of(*self.stack.places[0])
        sections = [f"{', '.join(notes)}: {head}" if notes else head, *self.view.stop(self.stack)]
        for number, text in enumerate(self.displays, start=1):
            sections.append(f"display {number}: {text} = {self._displayed(text)}")
        return "\n".join(sections)

    def _displayed(self, text: str) -> str:
        try:
            with self.alarm.limit(1.0):
                value = evaluate(text, self.scope)
        except Overrun:
            return "<does not end>"
        except Exception as error:  # noqa: BLE001 - foreign code
            return f"<{type(error).__name__}>"
        return self.texts.short(value)

    def _overdue(self, frame: FrameType | None) -> None:
        """The time of a command is over: the program stops at its next line, or in the call that blocks."""
        self._late += 1
        note = f"still running after {self.seconds:.3g} s"
        if self._late == 1:
            self.repeat = None
            self.tracer.stop_soon(frame, note)
        elif self._late > 2 and frame is not None:
            if not self._is_within_program(frame):
                if self._late > _PATIENCE:
                    raise Overrun
                return
            innermost = next(self.tracer.frames_from(frame), None)
            if innermost is not None:
                self._stopped(innermost, [note])

    def _is_within_program(self, frame: FrameType) -> bool:
        """Whether neither debugger nor kernel is at work for the program."""
        each: FrameType | None = frame
        while each is not None and not self.tracer.is_mine(each.f_code):
            if any(mark in each.f_code.co_filename for mark in _KERNEL):
                return False
            each = each.f_back
        return each is not None

    def _end_here(self, status: int) -> None:
        """The program ends its process: it stands still for good, and can be looked at."""
        sys.settrace(None)
        self.ended = f"the program ended its process with os._exit({status})"
        self.stack = Stack.from_frame(sys._getframe(2), self.tracer)
        self.talk(
            "\n".join([self.ended, place_of(*self.stack.places[0]), *self.view.stop(self.stack, at_end=True)])
        )

    def _break_here(self, frame: FrameType) -> None:
        self.tracer.stop_soon(frame, "breakpoint()")


@contextlib.contextmanager
def _recursion_headroom() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + _HEADROOM)
    try:
        yield
    finally:
        with contextlib.suppress(RecursionError):
            sys.setrecursionlimit(limit)


def _status(code: object) -> str:
    if code is None or code == 0:
        return "status 0"
    return f"status {code}" if isinstance(code, int) else f"status 1: {str(code)[:200]}"


def _told_error(error: BaseException) -> str:
    try:
        text = cut(str(error), 500)
    except Exception:  # noqa: BLE001 - foreign code behind str()
        text = "<no printable value>"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
