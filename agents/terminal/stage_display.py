"""Progress of the stages of a run: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_SECONDS = 15.0


class Stage:
    """One stage while it runs."""

    def __init__(self, display: StageDisplay, title: str, total: int, done: int, lines: bool) -> None:
        self._display = display
        self._title = title
        self._lines = lines
        self._total = total
        self._done = done
        self._played = 0
        self._solved = 0
        self._note = ""
        self._bar = display.progress.add_task(title, total=total, completed=done, told="")

    def add(self, solved: bool | None = None, *, told: str | None = None) -> None:
        """Counts one unit of work, and whether it was a solved episode."""
        self._done += 1
        if solved is not None:
            self._played += 1
            self._solved += solved
            told = f"solved {self._solved / self._played:.0%}"
        self._show(told)

    def move_to(self, done: int) -> None:
        """Sets how much is done."""
        self._done = done
        self._show(None)

    def note(self, told: str) -> None:
        """Sets the remark beside the bar."""
        self._show(told)

    def _show(self, told: str | None) -> None:
        self._note = self._note if told is None else told
        self._display.progress.update(self._bar, completed=self._done, told=self._note)
        if self._lines:
            told = f"{self._title}: {self._done}/{self._total} {self._note}"
            self._display.line(told, last=self._done >= self._total)


class StageDisplay:
    """Shows one stage after the other."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last_line = 0.0
        self.progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
            console=console,
            disable=not console.is_terminal,
        )

    @contextmanager
    def stage(self, title: str, total: int, *, done: int = 0, lines: bool = True) -> Iterator[Stage]:
        """Shows a stage for as long as the block runs.

        Args:
            title: What it is.
            total: Units of work in it.
            done: Those that were done before.
            lines: Whether to print a line now and then where there is no terminal.
        """
        self._last_line = 0.0
        self.progress.start()
        try:
            yield Stage(self, title, total, done, lines)
        finally:
            self.progress.stop()

    def line(self, text: str, *, last: bool) -> None:
        """Prints a line where there is no terminal, at most every few seconds."""
        if self.console.is_terminal or (not last and time.monotonic() - self._last_line < _LINE_SECONDS):
            return
        self._last_line = time.monotonic()
        self.console.print(text.rstrip(), soft_wrap=True, highlight=False)
