"""A checked command line of `replgym eval`, and its carrying out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...envs.task_set import TaskSet
from ..policies.policy_source import PolicySource
from ..rollouts.episode import Episode
from ..rollouts.episode_history import last_attempts
from ..rollouts.episode_log import EpisodeLog, EpisodeLogError
from ..rollouts.episode_player import EpisodePlayer
from ..rollouts.local_player import open_local_player
from ..rollouts.play_settings import PlaySettings
from ..rollouts.ray_player import open_ray_player
from ..rollouts.retry_strategy import RetryStrategy
from ..rollouts.stop_signals import StopSignals
from .evaluation import evaluate_with
from .evaluation_progress import EvaluationProgress
from .evaluation_summary import EvaluationSummary

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """Everything that an evaluation needs; nothing of it runs yet."""

    title: str
    tasks: TaskSet
    policy: PolicySource
    settings: PlaySettings
    samples: int = 1
    concurrency: int = 8
    kernels: int | None = None
    retry: RetryStrategy = field(default_factory=RetryStrategy)
    grace: float = 10.0
    ray: str | None = None
    """Address of a Ray cluster whose nodes play; None for this process."""
    output: Path | None = None
    resume: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    """What was typed, for the summary's file."""

    async def carry_out(self, console: Console) -> EvaluationSummary:
        """Plays what is not played yet, and writes episodes and summary to `output`.

        Raises:
            RunStoppedError: If a signal stopped it; what ended until then is recorded.
            EvaluationError: If too many episodes failed.
            EpisodeLogError: If an episode cannot be recorded.
        """
        log = EpisodeLog(self.output / "episodes.jsonl") if self.output else None
        total = len(self.tasks) * self.samples
        told = f"stopping: what is played has {self.grace:g} s to end; Ctrl-C again stops it now"
        try:
            if log is not None:
                log.open()
            with StopSignals(lambda: console.print(told)) as signals:
                async with self._player() as player:
                    with EvaluationProgress(console, self.title, total) as progress:
                        summary = await evaluate_with(
                            player,
                            self.tasks,
                            samples=self.samples,
                            log=log,
                            finished=self._finished(progress),
                            on_episode=progress.add,
                            retry=self.retry,
                            stop=signals.requested,
                            grace=self.grace,
                        )
        finally:
            if log is not None:
                log.close()
        if self.output is not None:
            self._write(summary, self.output / "summary.json")
        return summary

    def _write(self, summary: EvaluationSummary, path: Path) -> None:
        text = json.dumps({"settings": self.arguments, **summary.model_dump(mode="json")}, indent=2)
        try:
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            path.unlink(missing_ok=True)
            raise EpisodeLogError(f"{path}: {error.strerror}; make room and resume") from error

    @asynccontextmanager
    async def _player(self) -> AsyncIterator[EpisodePlayer]:
        if self.ray is not None:
            async with open_ray_player(
                self.policy, self.settings, address=self.ray, seats=self.concurrency, kernels=self.kernels
            ) as far:
                yield far
            return
        async with (
            self.policy.open(self.settings.env.make_parser()) as policy,
            open_local_player(policy, self.settings, seats=self.concurrency, kernels=self.kernels) as near,
        ):
            yield near

    def _finished(self, progress: EvaluationProgress) -> Iterator[Episode]:
        """Scored episodes of the run that goes on; failures are played again."""
        if self.output is None or not self.resume:
            return
        wanted = {task.id for task in self.tasks}
        for episode in last_attempts(self.output / "episodes.jsonl", scored_only=True):
            if episode.task_id in wanted and episode.sample < self.samples:
                progress.add(episode)
                yield episode
