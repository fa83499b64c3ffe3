"""The progress of an evaluation in the terminal: live where there is one, else a plain line now and then."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..rollouts.episode import Episode
from .evaluation_progress import EvaluationProgress
from .results_text import interval, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_LINE_SECONDS = 30.0
_BAR = 30
_LATEST = 3


class EvaluationDashboard:
    """Shows an `EvaluationProgress` for as long as it is entered."""

    def __init__(
        self,
        console: Console,
        title: str,
        progress: EvaluationProgress,
        *,
        line_seconds: float = _LINE_SECONDS,
    ) -> None:
        """Shows nothing yet.

        Args:
            console: Where to.
            title: What is evaluated.
            progress: What to show; whoever plays adds to it.
            line_seconds: Time between two plain lines.
        """
        from rich.live import Live

        self.progress = progress
        self._console = console
        self._title = title
        self._latest: list[Episode] = []
        self._line_seconds, self._next_line = line_seconds, progress.seconds + line_seconds
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=4, transient=True)

    def add(self, episode: Episode) -> None:
        """Counts and shows an episode that ended."""
        self.progress.add(episode)
        self._latest = [*self._latest, episode][-_LATEST:]
        if not self._console.is_terminal and self.progress.seconds >= self._next_line:
            self._next_line = self.progress.seconds + self._line_seconds
            self._console.print(self.line(), markup=False, highlight=False, soft_wrap=True)

    def line(self) -> str:
        """All in one line."""
        now, left = self.progress, self.progress.seconds_left
        rate = f"pass@1 {percent(now.rate)} % [{interval(now.interval)}]" if now.scored else "nothing scored"
        parts = [f"{now.done}/{now.total}", rate, f"{now.episodes_per_minute:.1f} episodes/min"]
        parts.append(f"{now.tokens_per_second:,.0f} tokens/s")
        parts.append(f"{sum(now.failures.values())} failures, {now.retries} retries")
        if now.spending.prices.known:
            parts.append(f"cost {now.spending.cost:.4g}")
        if left is not None:
            parts.append(f"{_clock(left)} left")
        return f"{self._title}: {', '.join(parts)}"

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _table(self) -> Table:
        from rich.markup import escape
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        now, table = self.progress, Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        table.add_row("evaluating", f"[bold]{escape(self._title)}[/bold]")
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(now.total, now.done, width=_BAR), f"{now.done:,} of {now.total:,}")
        table.add_row("done", bar)
        told = f"{now.solved:,} of {now.scored:,}, 95 % interval {interval(now.interval)}"
        table.add_row("pass@1", f"[bold]{percent(now.rate)} %[/bold]  {told}" if now.scored else "–")
        pace = f"{now.episodes_per_minute:.1f} episodes/min, {now.tokens_per_second:,.0f} tokens/s"
        table.add_row("pace", pace)
        failures = ", ".join(f"{count} {kind}" for kind, count in now.failures.items()) or "0"
        table.add_row("failures", f"{failures}; {now.retries} retries")
        about = "about " if now.spending.estimated else ""
        cost = f"{now.spending.cost:.4g} for " if now.spending.prices.known else ""
        table.add_row("cost", f"{cost}{about}{now.spending.tokens:,} tokens")
        left = now.seconds_left
        table.add_row("time", f"{_clock(now.seconds)}; {_clock(left) if left is not None else '–'} left")
        for episode in self._latest:
            table.add_row("", f"{_ending(episode)} {escape(episode.task_id)}")
        return table


def _ending(episode: Episode) -> str:
    if episode.failure is not None:
        return "[yellow]failed[/yellow]"
    return "[green]solved[/green]" if episode.solved else "[red]wrong [/red]"


def _clock(seconds: float) -> str:
    """`75` as `1:15`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
