"""One cell in flight in a shell.

The shell's frames say only that the cell is over or asks, under a random name that the host gave it; what it
showed is read from the files then.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from ..cell_result import CellError, CellResult, CellStatus
from .shell_files import MalformedLogError, ShellFiles, Stretch


class ShellCell:
    """A cell, from its request to its end.

    Args:
        files: What the shell shows.
        output_limit: Characters of text to keep.
        on_broken: Called when the shell says what no shell would say.
    """

    def __init__(self, files: ShellFiles, output_limit: int, on_broken: Callable[[], None]) -> None:
        self.id = os.urandom(8).hex()
        self.question = 0
        self._files = files
        self._limit = output_limit
        self._on_broken = on_broken
        self._done = False
        self._failed = False
        self._prompt: str | None = None
        self._wake = asyncio.Event()
        self.resume()

    @property
    def done(self) -> bool:
        """Whether the shell has finished with the cell."""
        return self._done

    @property
    def decided(self) -> bool:
        """Whether the owner has something to do: the cell is over, or asks for input."""
        return self._done or self._prompt is not None

    @property
    def asks(self) -> bool:
        """Whether the cell waits for a line of input."""
        return self._prompt is not None

    async def wait(self) -> None:
        """Waits until the cell is decided."""
        while not self.decided:
            self._wake.clear()
            await self._wake.wait()

    def withdraw(self) -> None:
        """Forgets the question, because the cell is being interrupted instead of answered."""
        self._prompt = None

    def resume(self) -> None:
        """Starts the next stretch, in an empty log."""
        self._prompt = None
        self._stretch: Stretch | None = None
        self._started = time.monotonic()
        self._files.empty()

    def take(self, frame: dict[str, Any]) -> None:
        """Takes a frame with this cell's name."""
        if self._done:
            return
        try:
            stretch = self._files.stretch(self._limit)
        except MalformedLogError:
            self._on_broken()
            return
        prompt, question = frame.get("asks"), frame.get("question")
        if frame.get("done") is True:
            self._done, self._failed, self._stretch = True, bool(frame.get("failed")), stretch
            self._prompt = None
        elif isinstance(prompt, str) and type(question) is int:
            self._prompt, self.question, self._stretch = prompt, question, stretch
        else:
            self._on_broken()
            return
        self._wake.set()

    def settle(self) -> None:
        """Reads what there is; the shell is dead, and its files are about to go."""
        if not self.decided:
            self._stretch = self._files.last_words(self._limit)

    def result(self, status: CellStatus | None = None, *, state_lost: bool = False) -> CellResult:
        """The result of this stretch; without a status, the shell's own word on how the cell ended."""
        stretch = self._stretch or self._files.last_words(self._limit)
        error = stretch.error
        if status is None:
            status = CellStatus.ERROR if self._failed else CellStatus.OK
            error = error or CellError("Error", "", "") if self._failed else None
        awaiting = status is CellStatus.AWAITING_INPUT
        return CellResult(
            status=status,
            outputs=stretch.outputs.outputs(),
            error=None if awaiting else error,
            duration=time.monotonic() - self._started,
            truncated=stretch.outputs.cut,
            state_lost=state_lost,
            prompt=(self._prompt or "") if awaiting else "",
        )
