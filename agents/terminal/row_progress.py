"""How far the reading of rows is."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.console import Console


class RowProgress:
    """One line for every set: rows read, rows a second; on a console that is no terminal it shows nothing."""

    def __init__(self, console: Console) -> None:
        from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[told]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._lines: dict[str, Any] = {}

    def add(self, label: str, told: str = "", total: int | None = None) -> None:
        """Counts one more row of a set."""
        if label not in self._lines:
            self._lines[label] = self._progress.add_task(label, total=total, told="")
        self._progress.update(self._lines[label], advance=1, told=told)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
