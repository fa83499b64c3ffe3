"""A line a step on the console, and alerts in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alert import Alert, AlertEvent
from .step_line import step_line
from .step_record import StepRecord

if TYPE_CHECKING:
    from rich.console import Console


class ConsoleSink:
    """Prints; a progress bar of the same console stays below."""

    name = "the console"

    def __init__(self, console: Console, last: int | None = None) -> None:
        """Prints nothing yet.

        Args:
            console: Where to print.
            last: The number of the run's last step.
        """
        self._console = console
        self._last = last

    def step(self, record: StepRecord) -> None:
        """Prints a step."""
        self._print(step_line(record, self._last), None)

    def alert(self, alert: Alert) -> None:
        """Prints an alert."""
        self._print(str(alert), "bold red" if alert.event is AlertEvent.STARTED else "green")

    def close(self) -> None:
        """Nothing is left to print."""

    def _print(self, text: str, style: str | None) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
