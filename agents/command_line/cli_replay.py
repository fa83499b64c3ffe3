"""`replgym replay`: plays stored episodes again and says what their cells do differently."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .argument_types import positive

if TYPE_CHECKING:
    from rich.console import Console

    from ...envs.env_config import EnvConfig
    from ..records.replay import EpisodeReplay
    from ..records.run_settings import RunSettings

_LINES = 12


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "replay", help="run the cells of stored episodes again and compare"
    )
    parser.add_argument("run_path", metavar="RUN", type=Path, help="folder of a run, or its episodes")
    parser.add_argument(
        "--episode",
        metavar="ID",
        action="append",
        default=[],
        help="only this: id, its beginning, or task",
    )
    parser.add_argument(
        "--set", dest="sets", metavar="SET", action="append", default=[], help="where the tasks are from"
    )
    parser.add_argument("--backend", help="another back end than the run's own")
    parser.add_argument("-n", "--limit", type=positive, help="only the first so many episodes")
    parser.add_argument("--concurrency", type=positive, default=4, help="episodes at once (%(default)s)")
    parser.add_argument("--lines", type=positive, default=_LINES, help="of each difference (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ...envs.task import Task
    from ..records.episode_choice import chosen_episodes
    from ..records.replay import replay
    from ..records.run_data import read_run
    from ..records.run_settings import RunSettings
    from ..rollouts.episode import Episode
    from ..usage_error import UsageError
    from .exit_code import ExitCode

    data = read_run(arguments.run_path)
    episodes = chosen_episodes(data, arguments.episode)[: arguments.limit]
    settings = RunSettings.of(data, tuple(arguments.sets))
    console = Console()
    environment = _environment(settings, arguments.backend, console)

    def task_of(episode: Episode) -> Task | None:
        try:
            return settings.task_of(episode)
        except UsageError:
            if arguments.sets:
                raise
            return None

    told = _Told(console, arguments.lines)
    asyncio.run(
        replay(episodes, environment, task_of, concurrency=arguments.concurrency, on_episode=told.add)
    )
    told.sum_up()
    return ExitCode.FAULT if told.faults else ExitCode.DONE


def _environment(settings: RunSettings, backend: str | None, console: Console) -> EnvConfig:
    """How the run was played, as far as it says, on its own back end or another."""
    from ...envs.env_config import EnvConfig

    environment = settings.environment
    if environment is None:
        console.print("The run did not record its settings: its messages are read in any format.")
        environment = EnvConfig(action_format="auto")
    if backend is None:
        return environment
    return EnvConfig(**(environment.model_dump() | {"backend": backend}))


class _Told:
    """Prints what differs as it comes, and the sum at the end."""

    def __init__(self, console: Console, lines: int) -> None:
        self._console = console
        self._lines = lines
        self._cells: Counter[str] = Counter()
        self._episodes = self._deterministic = 0
        self.faults = 0

    def add(self, played: EpisodeReplay) -> None:
        """Counts an episode, and shows its differences."""
        self._episodes += 1
        self._deterministic += played.deterministic
        self._cells.update(map(str, played.counts.elements()))
        if played.fault:
            self.faults += 1
            self._print(f"{played.id} {played.task_id}: {played.fault}", "bold yellow")
        for cell in played.cells:
            if cell.likeness != "different":
                continue
            place = f"turn {cell.turn}" + (f", cell {cell.cell}" if cell.cell else "")
            self._print(f"{played.id} {played.task_id} (sample {played.sample}), {place}", "bold")
            for line in cell.difference[: self._lines]:
                self._print(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], ""))
            left = len(cell.difference) - self._lines
            if left > 0:
                self._print(f"[… {left} more lines]", "dim")

    def sum_up(self) -> None:
        """Prints how much was the same."""
        total = self._cells.total()
        share = 1 - self._cells["different"] / max(1, total)
        same, volatile, different = (self._cells[kind] for kind in ("same", "volatile", "different"))
        self._print(
            f"{self._episodes:,} episodes, {total:,} cells: {same:,} the same, "
            f"{volatile:,} but for addresses and times, {different:,} different"
        )
        self._print(
            f"deterministic: {share:.1%} of the cells, {self._deterministic:,} of {self._episodes:,} episodes"
            + (f"; {self.faults:,} met a fault of the machine" if self.faults else "")
        )

    def _print(self, text: str, style: str = "") -> None:
        from ...tools.well_formed import well_formed

        self._console.print(well_formed(text), style=style, markup=False, highlight=False, soft_wrap=True)
