"""A progress bar for an evaluation: how far, how long still, how much solved so far."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..rollouts.episode import Episode

if TYPE_CHECKING:
    from rich.console import Console


class EvaluationProgress:
    """Shows episodes as they end; on a console that is no terminal it shows nothing."""

    def __init__(self, console: Console, title: str, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._scored = self._solved = self._failed = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task(title, total=total, told="")

    def add(self, episode: Episode) -> None:
        """Counts one more episode."""
        self._scored += episode.failure is None
        self._solved += episode.failure is None and episode.solved
        self._failed += episode.failure is not None
        told = f"solved {self._solved} of {self._scored}" + (
            f", failed {self._failed}" if self._failed else ""
        )
        self._progress.update(self._bar, advance=1, told=told)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
