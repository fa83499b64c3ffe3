"""Metrics of one training step after the other, from the lines of its episodes and what verl says of it.

Memory is that of the steps that are not over: an episode counts in its own step, or, when that is over, in
the one that ends next, so that none is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from .episode_line import EpisodeLine
from .episode_sample import EpisodeSample
from .heldout_tally import HeldoutTally
from .metric import METRICS
from .step_record import StepRecord, is_number
from .step_tally import StepTally

_TRAINED = "training/global_step"
"""What verl writes of a step of training, and not of a measurement before the first."""


class StepMetrics:
    """Takes episodes as they come, and gives a record whenever a step is over."""

    def __init__(self, *, done: int = 0, sampled_episodes: int = 0) -> None:
        """Starts empty.

        Args:
            done: The last step that is over.
            sampled_episodes: How many episodes a record carries.
        """
        self._done = done
        self._tallies: defaultdict[int, StepTally] = defaultdict(StepTally)
        self._heldout: defaultdict[int, HeldoutTally] = defaultdict(HeldoutTally)
        self._samples: defaultdict[int, EpisodeSample] = defaultdict(lambda: EpisodeSample(sampled_episodes))

    @property
    def current(self) -> int:
        """The step that ends next."""
        return self._done + 1

    def add(self, line: bytes) -> EpisodeLine | None:
        """Counts a training episode; None when the line is no episode."""
        episode = _read(line)
        if episode is not None:
            step = max(episode.step or 0, self.current)
            self._tallies[step].add(episode)
            if episode.failure is None:
                self._samples[step].add(episode.id, line)
        return episode

    def add_heldout(self, line: bytes) -> None:
        """Counts a held-out episode, if the line is one."""
        episode = _read(line)
        if episode is not None:
            self._heldout[episode.step or 0].add(episode)

    def close(self, step: int, trainer: Mapping[str, float | None]) -> StepRecord:
        """Ends a step.

        Args:
            step: Its number.
            trainer: What verl says of it; None, or what is no number, stands for NaN.
        """
        known = {name: float(value) for name, value in trainer.items() if is_number(value)}
        broken = tuple(metric.name for metric in METRICS if metric.finite and metric.broken(trainer))
        named = {metric.name: value for metric in METRICS if (value := metric.read(known)) is not None}
        values = known | {name: value for name, value in named.items() if name not in broken}
        values |= self._heldout.pop(step, HeldoutTally()).values()
        episodes = EpisodeSample(0)
        if _TRAINED in trainer:
            tally = self._tallies.pop(step, StepTally())
            episodes = self._samples.pop(step, episodes)
            values |= tally.values()
            values |= dict(_derived(values, tally))
            self._forget(step)
        return StepRecord(step, values, broken, episodes.episodes())

    def _forget(self, step: int) -> None:
        self._done = max(self._done, step)
        for counted in (self._tallies, self._samples, self._heldout):
            for old in [number for number in counted if number <= step]:
                del counted[old]


def _read(line: bytes) -> EpisodeLine | None:
    try:
        return EpisodeLine.model_validate_json(line)
    except ValidationError:
        return None


def _derived(values: Mapping[str, float], tally: StepTally) -> Iterator[tuple[str, float]]:
    step, rollout = values.get("time/step", 0.0), values.get("time/rollout", 0.0)
    share = values.get("time/environment_of_rollout")
    if step:
        yield "speed/episodes", tally.scored / step
        if "perf/total_num_tokens" in values:
            yield "speed/tokens", values["perf/total_num_tokens"] / step
        if share is not None:
            yield "time/environment_of_step", share * rollout / step
    if rollout:
        yield "speed/sampled_tokens", tally.sampled_tokens / rollout
