"""A checked command line of `replgym eval`, and its carrying out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..policies.policy import PolicyError
from ..policies.policy_source import PolicySource
from ..rollouts.episode import Episode
from ..rollouts.episode_player import EpisodePlayer
from ..rollouts.episode_runner import EpisodeRunner
from ..rollouts.failure_breaker import EndpointFailedError, EvaluationError
from ..rollouts.local_player import open_local_player
from ..rollouts.play_settings import PlaySettings
from ..rollouts.ray_player import open_ray_player
from ..rollouts.retry_strategy import RetryStrategy
from ..rollouts.stop_signals import RunStoppedError, StopSignals
from ..usage_error import UsageError
from .episode_store import EpisodeStore, StoreSurvey
from .evaluation_dashboard import EvaluationDashboard
from .evaluation_progress import EvaluationProgress
from .evaluation_result import EvaluationResult, ResultTally
from .evaluation_set import EvaluationSet
from .planned_episodes import PlannedEpisodes
from .play_identity import PlayIdentity
from .run_record import RunRecord
from .settings_change import settings_changes
from .spending import Budget, Prices, Spending

if TYPE_CHECKING:
    from rich.console import Console

_CHANGES_TOLD = 3


@dataclass(frozen=True)
class EvaluationPlan:
    """Everything that an evaluation needs; nothing of it runs yet."""

    sets: tuple[EvaluationSet, ...]
    policy: PolicySource
    policy_name: str
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
    """Whether a folder with episodes of other settings or tasks may be gone on with."""
    budget: Budget = field(default_factory=Budget)
    prices: Prices = field(default_factory=Prices)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What was typed, for the record."""

    @property
    def title(self) -> str:
        """Sets and policy."""
        return f"{', '.join(each.label for each in self.sets)}, {self.policy_name}"

    @cached_property
    def planned(self) -> PlannedEpisodes:
        """All episodes, by their fingerprints."""
        identity = PlayIdentity.of(self.settings, self.policy.identity())
        return PlannedEpisodes(self.sets, self.samples, identity)

    @cached_property
    def store(self) -> EpisodeStore | None:
        """Where episodes are kept; None where they are not."""
        return EpisodeStore(self.output) if self.output is not None else None

    def record(self) -> RunRecord:
        """What is written beside the episodes; it keeps the time at which they were begun."""
        before = self.store.record() if self.store is not None else None
        made = RunRecord(
            name=self.output.resolve().name if self.output is not None else self.title,
            policy=self.policy_name,
            sets={each.label: len(each.tasks) for each in self.sets},
            samples=self.samples,
            identity=self.planned.identity.digest,
            settings=self.planned.identity.settings,
            prices=self.prices,
            command=self.arguments,
        )
        same = before is not None and before.identity == made.identity
        return made.model_copy(update={"created": before.created}) if before and same else made

    def survey(self) -> StoreSurvey:
        """Looks at what of the plan is played already.

        Raises:
            UsageError: If the folder holds an evaluation of other settings or tasks, and `resume` is not set.
            StoreVersionError: If the folder was written by another version.
        """
        self._check_store()
        if self.store is None:
            return StoreSurvey()
        return self.store.survey(self.planned.fingerprints, self.planned.places)

    async def carry_out(self, console: Console) -> EvaluationResult:
        """Plays what is not played yet, and writes episodes and results to `output`.

        Raises:
            UsageError: If the folder cannot be used.
            RunStoppedError: If a signal stopped it; what ended until then is recorded and summed up.
            EvaluationError: If too many episodes failed; likewise. It is an `EndpointFailedError` only where
                the policy asks an endpoint.
            PolicyError: If the policy has nothing for a task; likewise.
            EpisodeLogError: If an episode cannot be recorded.
        """
        self._check_store()
        progress, tally = (
            EvaluationProgress(len(self.planned), Spending(self.prices)),
            ResultTally(self.record()),
        )
        started = time.monotonic()
        try:
            if self.store is not None:
                self.store.log.open()
            survey = self.survey()
            self._take_over(survey, tally, progress)
            stopped = await self._play(console, survey, tally, progress)
        except (EvaluationError, PolicyError, RunStoppedError) as error:
            if progress.done:
                self._finish(tally, progress, started, str(error))
            if isinstance(error, EndpointFailedError) and not self.policy.served:
                raise EvaluationError(str(error)) from error
            raise
        finally:
            if self.store is not None:
                self.store.log.close()
        return self._finish(tally, progress, started, stopped)

    def _check_store(self) -> None:
        """Sees to it that the folder may be gone on with, before anything of it is touched."""
        store = self.store
        before = store.record() if store is not None else None
        if store is None or before is None or self.resume or not store.holds_episodes:
            return
        changes = self._changes(store, before)
        if changes:
            more = f" and {len(changes) - _CHANGES_TOLD} more" if len(changes) > _CHANGES_TOLD else ""
            raise UsageError(
                f"{store.folder} holds an evaluation with other settings "
                f"({'; '.join(changes[:_CHANGES_TOLD])}{more}); add --resume to play these anew beside it, "
                "or give another folder"
            )

    def _changes(self, store: EpisodeStore, before: RunRecord) -> list[str]:
        """Settings and tasks that are not what they were, in words."""
        identity = self.planned.identity
        changes = list(map(str, settings_changes(before.settings, identity.settings)))
        known = {(task.set, task.id): task.digest for task in store.tasks()}
        changed = sum(
            known.get((task.set, task.id), task.digest) != task.digest for task in self.planned.tasks()
        )
        return [*changes, *([f"{changed} tasks have changed"] if changed else [])]

    def _begin(self, survey: StoreSurvey, console: Console) -> None:
        """Writes what is evaluated from now on, and tells what is there already."""
        if self.store is not None:
            self.store.begin(self.record(), self.planned.tasks())
        told = {
            f"{len(survey.finished):,} of {len(self.planned):,} episodes are played already": survey.finished,
            f"{len(survey.failed):,} episodes that the machine failed are played again": survey.failed,
            f"{survey.stale:,} episodes were played with other settings or tasks; they are kept, "
            "and not counted": survey.stale,
        }
        for line, count in told.items():
            if count:
                console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _take_over(self, survey: StoreSurvey, tally: ResultTally, progress: EvaluationProgress) -> None:
        """Counts what was played before, and what it cost with all its attempts."""
        if self.store is None or not survey.lines:
            return
        for episode in self.store.episodes(survey, scored_only=True):
            tally.add(episode)
            progress.keep(episode)
        for episode in self.store.attempts(self.planned.fingerprints):
            progress.spending.add(episode)

    async def _play(
        self, console: Console, survey: StoreSurvey, tally: ResultTally, progress: EvaluationProgress
    ) -> str:
        """Plays to the end, to a signal or to the end of the budget, which it tells."""
        told = f"stopping: what is played has {self.grace:g} s to end; Ctrl-C again stops it now"
        spent = self.budget.spent_by(progress.spending)
        if spent or not self.planned.left(survey.finished):
            self._begin(survey, console)
            return spent
        with StopSignals(lambda: console.print(told)) as signals:
            enough = asyncio.Event()
            async with self._player() as player:
                self._begin(survey, console)  # not before the endpoint is known to be usable
                with EvaluationDashboard(console, self.title, progress) as dashboard:

                    def count(episode: Episode) -> None:
                        tally.add(episode)
                        dashboard.add(episode)

                    def attempt(episode: Episode) -> None:
                        progress.attempt(episode)
                        if self.budget.spent_by(progress.spending):
                            enough.set()

                    runner = EpisodeRunner(
                        player,
                        log=self.store.log if self.store is not None else None,
                        on_episode=count,
                        on_attempt=attempt,
                        retry=self.retry,
                    )
                    async with _either(signals.requested, enough) as stop:
                        await runner.run(self.planned.jobs(survey.finished), stop=stop, grace=self.grace)
        return self.budget.spent_by(progress.spending) if progress.done < progress.total else ""

    def _finish(
        self, tally: ResultTally, progress: EvaluationProgress, started: float, stopped: str
    ) -> EvaluationResult:
        result = tally.result(progress.spending, seconds=time.monotonic() - started, stopped=stopped)
        if self.output is not None:
            result.write(self.output)
        return result

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


@asynccontextmanager
async def _either(first: asyncio.Event, second: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """An event that is set once one of both is."""
    either = asyncio.Event()

    async def wait_for(event: asyncio.Event) -> None:
        await event.wait()
        either.set()

    waiting = [asyncio.create_task(wait_for(event)) for event in (first, second)]
    try:
        yield either
    finally:
        for task in waiting:
            task.cancel()
