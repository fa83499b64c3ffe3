"""What episodes say about a policy: rates with intervals, and failures kept apart from wrong answers.

Episodes that failed (the machine broke) count in no rate, whatever they had done before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Self

from pydantic import BaseModel, ConfigDict

from ...rewards.quality import Quality, difficulty_rank
from ..rollouts.episode import Episode
from ..rollouts.task_place import TaskPlace
from .statistics import (
    Interval,
    clustered_standard_error,
    pass_at_k,
    rate_interval,
    standard_error_across_runs,
    wilson_interval,
)
from .summary_tally import SummaryTally, TaskCounts


class TaskResult(BaseModel):
    """The samples of one task."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    scored: int
    solved: int
    failed: int


class EvaluationSummary(BaseModel):
    """The result of an evaluation."""

    model_config = ConfigDict(frozen=True)

    policy: str
    episodes: int
    scored: int
    """Episodes that have a verdict or ended without a submission; the base of every rate."""
    solved: int
    pass_at_1: float | None
    """Share of scored episodes that solved their task; None when nothing was scored."""
    interval: Interval | None
    """95 % interval of `pass_at_1`, by task; see `rate_interval`."""
    wilson: Interval | None
    """95 % Wilson interval of `pass_at_1`; right only with one sample per task."""
    standard_error: float | None = None
    """Of `pass_at_1`, clustered by task; None with fewer than two tasks."""
    standard_error_across_runs: float | None = None
    """Of the mean over samples, each sample number taken as a run over all tasks; None with one sample."""
    pass_at_k: dict[int, float]
    """Unbiased, mean over the tasks, for powers of two up to the scored samples that every task has."""
    mean_turns: float | None
    mean_tool_calls: float | None
    protocols: dict[str, int] = {}
    """Messages of scored episodes by what their calls were written in."""
    repaired: int = 0
    """Messages whose calls were mended to be read."""
    invented_outputs: int = 0
    """Messages that went on with an output of their own."""
    parse_errors: int = 0
    """Messages that could not be read."""
    empty: int = 0
    """Messages without any text."""
    cut: int = 0
    """Messages that were cut at their most tokens."""
    ignored_stops: int = 0
    """Messages in which the endpoint went on after a stop text; the rest was cut off here."""
    overflows: int = 0
    """Episodes that ended before their first message, since the prompt does not fit into the context."""
    unsubmitted: int = 0
    """Episodes with messages, but without a submission."""
    uncalled: int = 0
    """Episodes whose tools travelled beside the messages, where none of them all made a call."""
    mean_prompt_tokens: float | None = None
    """Of all requests of an episode together."""
    mean_completion_tokens: float | None = None
    drift_rate: float | None = None
    """Share of recorded messages whose ids may not be what the engine saw or sampled; see `Drift.drifted`.

    None when no ids were recorded, as with endpoints that return text.
    """
    retokenization_rate: float | None = None
    """Share of recorded messages that a record in text would have changed; see `Drift.retokenized`."""
    mean_reward: float | None
    quality: Quality
    """Share of tests passed and its bands, over the scored episodes."""
    difficulties: dict[str, Quality]
    """The same for each level of difficulty, the easiest first."""
    failures: dict[str, int]
    """How many episodes failed, by the part that broke."""
    stops: dict[str, int]
    """How many scored episodes ended for which reason."""
    tasks: tuple[TaskResult, ...]
    seconds: float = 0.0
    """Wall clock of the evaluation."""

    @classmethod
    def of(cls, episodes: Iterable[Episode], *, seconds: float = 0.0) -> Self:
        """Sums up episodes of one policy, which are read one by one."""
        tally = SummaryTally()
        tally.add_all(episodes)
        return cls.from_tally(tally, seconds=seconds)

    @classmethod
    def from_tally(cls, tally: SummaryTally, *, seconds: float = 0.0) -> Self:
        """Sums up what was counted so far."""
        known = [counts for counts in tally.tasks.values() if counts.scored]
        scored = sum(counts.scored for counts in known)
        solved = sum(counts.solved for counts in known)
        levels = sorted(tally.levels, key=difficulty_rank)
        return cls(
            policy=", ".join(sorted(tally.policies)),
            episodes=scored + tally.failures.total(),
            scored=scored,
            solved=solved,
            pass_at_1=solved / scored if scored else None,
            interval=rate_interval([(counts.solved, counts.scored) for counts in known]),
            wilson=wilson_interval(solved, scored) if scored else None,
            standard_error=clustered_standard_error([_outcomes(counts) for counts in known]),
            standard_error_across_runs=_across_runs(tally),
            pass_at_k={k: fmean(pass_at_k(n, c, k) for n, c, _ in known) for k in _powers(known)},
            mean_turns=tally.turns / scored if scored else None,
            mean_tool_calls=tally.tool_calls / scored if scored else None,
            protocols=dict(tally.protocols.most_common()),
            repaired=tally.repaired,
            invented_outputs=tally.invented_outputs,
            parse_errors=tally.parse_errors,
            empty=tally.empty,
            cut=tally.cut,
            ignored_stops=tally.ignored_stops,
            overflows=tally.overflows,
            unsubmitted=tally.unsubmitted,
            uncalled=0 if tally.tool_calls else tally.schemas,
            mean_prompt_tokens=tally.prompt_tokens / scored if scored else None,
            mean_completion_tokens=tally.completion_tokens / scored if scored else None,
            drift_rate=tally.drift.drift_rate,
            retokenization_rate=tally.drift.retokenization_rate,
            mean_reward=tally.rewards / tally.rewarded if tally.rewarded else None,
            quality=tally.quality.quality(),
            difficulties={level: tally.levels[level].quality() for level in levels},
            failures=dict(tally.failures),
            stops=dict(tally.stops),
            tasks=_task_results(tally),
            seconds=seconds,
        )

    @property
    def protocols_line(self) -> str:
        """In which protocols the messages were written, and what was wrong with them, in one line."""
        wrong = {
            "repaired": self.repaired,
            "unreadable": self.parse_errors,
            "with invented output": self.invented_outputs,
        }
        counts = [f"{name} {count:,}" for name, count in self.protocols.items()]
        return f"protocols: {', '.join(counts) or 'none'}" + "".join(
            f"; {count:,} {told}" for told, count in wrong.items() if count
        )

    @property
    def ids_line(self) -> str:
        """How exact the recorded token ids are, in one line; empty when there are none."""
        if self.drift_rate is None or self.retokenization_rate is None:
            return ""
        return (
            f"token ids: drift_rate {self.drift_rate:.2%}, retokenization_rate {self.retokenization_rate:.2%}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the endpoint, the limits or the format rather than with answers, a line each."""
        told = {
            f"{self.unsubmitted:,} of {self.scored:,} episodes ended without a submission: if their messages "
            "hold solutions, try another --code-extraction or --action-format, or raise "
            "--max-turns": self.unsubmitted,
            f"none of {self.uncalled:,} episodes made a call: the server's chat template may leave out the "
            "tools; --action-format json writes them into the prompt": self.uncalled,
            f"{self.empty:,} messages were empty: where the model thinks apart from its answer, let the "
            "server return that thinking in the message, or raise --max-tokens": self.empty,
            f"{self.cut:,} messages were cut at their most tokens: raise --max-tokens": self.cut,
            f"{self.ignored_stops:,} messages went on after a stop text, which the server ignores; "
            "they were cut there": self.ignored_stops,
            f"{self.overflows:,} episodes ended before their first message, since the prompt and "
            "--max-tokens do not fit into the engine's context: serve a longer one or lower "
            "--max-tokens": self.overflows,
        }
        return tuple(line for line, count in told.items() if count)

    @property
    def failed(self) -> int:
        """Episodes in which the machine broke."""
        return self.episodes - self.scored


def success_interval(episodes: Iterable[Episode], draws: int = 2000) -> Interval | None:
    """The 95 % interval of the success rate of scored episodes; None without any. See `rate_interval`."""
    counts: defaultdict[TaskPlace, list[int]] = defaultdict(lambda: [0, 0])
    for episode in episodes:
        if episode.failure is None:
            count = counts[TaskPlace.of(episode)]
            count[0] += episode.solved
            count[1] += 1
    return rate_interval([(solved, scored) for solved, scored in counts.values()], draws=draws)


def _task_results(tally: SummaryTally) -> tuple[TaskResult, ...]:
    """The tasks by their ids, and by their sets where there are several."""
    several = len({place.set for place in tally.tasks}) > 1
    return tuple(
        TaskResult(task_id=f"{place.set}: {place.id}" if several else place.id, **counts._asdict())
        for place, counts in tally.tasks.items()
    )


def _outcomes(counts: TaskCounts) -> list[float]:
    return [1.0] * counts.solved + [0.0] * (counts.scored - counts.solved)


def _across_runs(tally: SummaryTally) -> float | None:
    """Only where every sample number was scored on every task."""
    runs = list(tally.samples.values())
    if len({scored for _, scored in runs}) != 1:
        return None
    found = standard_error_across_runs([solved / scored for solved, scored in runs])
    return found[1] if found else None


def _powers(tasks: Sequence[TaskCounts]) -> list[int]:
    """Powers of two up to the scored samples that every task has."""
    most = min((task.scored for task in tasks), default=0)
    return [1 << n for n in range(most.bit_length())]
