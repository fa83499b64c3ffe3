"""Tells output that a cell made from output that merely happens while the cell runs.

Threads and tasks outlive the cell that started them. What they print later is shown with the cell that runs
then, and what is printed between cells with the next one, but every such line says where it comes from.
"""

from __future__ import annotations

import contextvars
import threading
import weakref

from .display_budget import DisplayBudget
from .output_budget import BudgetedStream, OutputBudget

MARK = "[from an earlier cell] "
_HELD_LIMIT = 1 << 12
_SHARE = 4


class CellOutputs:
    """What the streams of a process write to: the budget of the cell that runs, with late lines marked.

    Args:
        budget: The budget of the running cell.
    """

    def __init__(self, budget: OutputBudget) -> None:
        self.budget = budget
        self.displays = DisplayBudget(budget.limit)
        self._owner: contextvars.ContextVar[int] = contextvars.ContextVar("cell")
        self._cell = 0
        self._running = False
        self._old_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._late_left = 0
        self._held: dict[BudgetedStream, str] = {}
        self.streams: list[BudgetedStream] = []
        """The standard streams, whatever became of `sys.stdout`."""

    def begin(self) -> None:
        """Starts a cell; its first lines are those that were printed since the last one ended."""
        with self._lock:
            self.renew()
            self._cell += 1
            self._late_left = self.budget.limit // _SHARE
            self._owner.set(self._cell)
            self._old_threads = weakref.WeakSet(threading.enumerate())
            self._old_threads.discard(threading.main_thread())
            self._running = True
            for stream in list(self._held):
                self._write_late(stream, "")

    def end(self) -> None:
        """Ends the cell: hands over what the budget kept for the end."""
        with self._lock:
            self._running = False
            self.budget.finish()

    def renew(self) -> None:
        """Starts the stretch of a cell that comes after a prompt."""
        self.budget.renew()
        self.displays.renew()

    def set_limit(self, limit: int) -> None:
        """Changes how many characters a cell may show."""
        self.budget = OutputBudget(limit)
        self.displays = DisplayBudget(limit)

    @property
    def cut(self) -> int:
        """Characters that this stretch had to leave out."""
        return self.budget.cut + self.displays.cut

    def write(self, stream: BudgetedStream, text: str) -> None:
        """Takes what Python code writes."""
        if self.is_late():
            self._write_late(stream, text)
        else:
            self.budget.write(stream, text)

    def take(self, stream: BudgetedStream, text: str) -> None:
        """Takes what came through a descriptor, of which nobody can tell who wrote it."""
        if self._running:
            self.budget.write(stream, text)
        else:
            self._write_late(stream, text)

    def write_line(self, text: str) -> None:
        """Takes a line of text from code that has no stream of its own."""
        if self.streams:
            self.write(self.streams[0], f"{text}\n")

    def flush(self) -> None:
        """Has what was sent leave before anything else does."""
        for stream in self.streams:
            stream.flush()

    def is_late(self) -> bool:
        """Whether the caller belongs to an earlier cell."""
        owner = self._owner.get(None)
        if not self._running:
            return True
        if owner is None:
            return threading.current_thread() in self._old_threads
        return owner != self._cell

    def _write_late(self, stream: BudgetedStream, text: str) -> None:
        if not self._cell:
            return  # the interpreter's own start is nobody's cell
        with self._lock:
            held = self._held.pop(stream, "") + text
            *lines, rest = held.split("\n") if self._running else [held]
            for line in lines:
                self._write_line(stream, f"{MARK}{line}\n")
            if rest:
                self._held[stream] = rest[-_HELD_LIMIT:]

    def _write_line(self, stream: BudgetedStream, line: str) -> None:
        """Late lines have a share of the budget, so that they cannot crowd out the cell's own."""
        if len(line) <= self._late_left:
            self._late_left -= len(line)
            self.budget.write(stream, line)
        else:
            self.budget.cut += len(line)
