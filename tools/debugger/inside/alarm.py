"""A deadline for the main thread, which is told by a signal wherever it is, also in a call that blocks.

A timer of the operating system sends the signal, so that code that never lets other threads run is reached as
well; it is one that programs do not use, so a program's own alarms work. The signal comes again and again
until the deadline is off, since its first one may come at a bad moment.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_AGAIN = 0.1
_CLOCK_MONOTONIC, _TO_THREAD = 1, 4
_BILLION = 1_000_000_000


class Overrun(BaseException):
    """An evaluation took too long; what catches every `Exception` lets this pass."""


class Alarm:
    """At most one deadline at a time; for the main thread."""

    def __init__(self) -> None:
        self._action: Callable[[FrameType | None], None] | None = None
        self._due = 0.0
        number, self._set = _timer()
        signal.signal(number, self._on_signal)

    def arm(self, seconds: float, action: Callable[[FrameType | None], None]) -> None:
        """Has `action` called with the running frame after some seconds, and then ten times a second."""
        self._due, self._action = time.monotonic() + seconds, action
        self._set(max(seconds, 0.001))

    def disarm(self) -> None:
        """Takes the deadline back."""
        self._action = None
        self._set(0.0)

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Ends the block with `Overrun` after some seconds; an outer deadline waits for its end."""
        action, due = self._action, self._due
        self.arm(seconds, _overrun)
        try:
            yield
        finally:
            self.disarm()
            if action is not None:
                self.arm(due - time.monotonic(), action)

    def _on_signal(self, _: int, frame: FrameType | None) -> None:
        action = self._action
        if action is not None and time.monotonic() >= self._due:
            action(frame)


def _overrun(_: FrameType | None) -> None:
    raise Overrun


def _timer() -> tuple[int, Callable[[float], None]]:
    """A signal, and what has it come after some seconds and then again and again; 0 for never."""
    number = getattr(signal, "SIGRTMIN", 0)
    library = ctypes.CDLL(None, use_errno=True)
    create, settime = getattr(library, "timer_create", None), getattr(library, "timer_settime", None)
    if not number or create is None or settime is None:
        return signal.SIGALRM, _set_interval_timer
    timer = ctypes.c_void_p()
    thread = threading.main_thread().native_id or 0
    event = ctypes.create_string_buffer(struct.pack("Piii", 0, number, _TO_THREAD, thread), 64)
    if create(_CLOCK_MONOTONIC, event, ctypes.byref(timer)) != 0:
        return signal.SIGALRM, _set_interval_timer

    def set_timer(seconds: float) -> None:
        spent = int(seconds * _BILLION)
        again = int(_AGAIN * _BILLION) if spent else 0
        settime(timer, 0, struct.pack("4l", 0, again, spent // _BILLION, spent % _BILLION), None)

    return number, set_timer


def _set_interval_timer(seconds: float) -> None:
    """Where there is nothing better; a program's own alarm then takes its place."""
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN if seconds else 0.0)
