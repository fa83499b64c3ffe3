"""Where the successes and failures of an evaluation lie: by difficulty, source, ending, length and cost.

Counted as episodes end; of each task three numbers a group are kept. Groups by what happened in an episode
(turns, tokens, ending) describe, they do not explain: hard tasks take more turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from pydantic import BaseModel, ConfigDict

from ...rewards.quality import difficulty_rank
from ...rewards.verdict import Outcome
from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of
from ..rollouts.task_place import TaskPlace
from .spending import Prices, tokens_of
from .statistics import Interval, rate_interval

_TURNS = (1, 2, 3, 4, 8, 16, 32)
_TOKENS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
_COSTS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class BreakdownGroup(BaseModel):
    """The scored episodes of one group."""

    model_config = ConfigDict(frozen=True)

    episodes: int
    solved: int
    rate: float
    interval: Interval
    """95 %, clustered by task."""
    tasks: int
    mean_turns: float
    mean_tokens: float
    """Of prompts and completions, over the whole episode."""
    mean_cost: float | None = None


Breakdown = Mapping[str, BreakdownGroup]
"""Group -> its episodes, in an order that reads well."""


def result_of(episode: Episode) -> str:
    """`solved`, or what the first test that failed says, or that nothing was handed in."""
    if episode.solved:
        return "solved"
    if episode.submission is None:
        return "no submission"
    if episode.verdict is None or not episode.verdict.tests:
        return "not judged"
    first = next(test.outcome for test in episode.verdict.tests if test.outcome is not Outcome.PASSED)
    return str(first).replace("_", " ")


@dataclass(slots=True)
class _Counts:
    tasks: defaultdict[TaskPlace, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    turns: int = 0
    tokens: int = 0
    cost: float = 0.0

    def add(self, episode: Episode, cost: float) -> None:
        counts = self.tasks[TaskPlace.of(episode)]
        counts[0] += episode.solved
        counts[1] += 1
        self.turns += len(episode.turns)
        self.tokens += tokens_of(episode).total
        self.cost += cost

    def group(self, priced: bool) -> BreakdownGroup:
        counts = [(solved, count) for solved, count in self.tasks.values()]
        solved, count = sum(each[0] for each in counts), sum(each[1] for each in counts)
        interval = rate_interval(counts)
        assert interval is not None, "a group has an episode"
        return BreakdownGroup(
            episodes=count,
            solved=solved,
            rate=solved / count,
            interval=interval,
            tasks=len(counts),
            mean_turns=self.turns / count,
            mean_tokens=self.tokens / count,
            mean_cost=self.cost / count if priced else None,
        )


class BreakdownTally:
    """Counts scored episodes in every way at once."""

    def __init__(self, prices: Prices | None = None) -> None:
        self._prices = prices or Prices()
        self._groups: defaultdict[str, defaultdict[str, _Counts]] = defaultdict(lambda: defaultdict(_Counts))

    @classmethod
    def of(cls, episodes: Iterable[Episode], prices: Prices | None = None) -> BreakdownTally:
        """Counts episodes that are there already."""
        tally = cls(prices)
        for episode in episodes:
            tally.add(episode)
        return tally

    def add(self, episode: Episode) -> None:
        """Counts one episode; one that the machine failed counts nowhere."""
        if episode.failure is not None:
            return
        tokens = tokens_of(episode)
        cost = self._prices.cost(tokens.prompt, tokens.completion)
        for way, name in groups_of(episode).items():
            self._groups[way][name].add(episode, cost)
        if self._prices.known:
            self._groups["cost"][_between(cost, _COSTS, "{:g}")].add(episode, cost)

    def breakdowns(self) -> dict[str, Breakdown]:
        """Way -> group -> what was counted; ways in which all episodes are alike are left out."""
        return {
            way: {name: groups[name].group(self._prices.known) for name in _ordered(way, groups)}
            for way, groups in self._groups.items()
            if len(groups) > 1
        }


def groups_of(episode: Episode) -> dict[str, str]:
    """Way -> the group that an episode is in."""
    tokens = tokens_of(episode)
    return {
        "set": TaskPlace.of(episode).set,
        "difficulty": level_of(episode),
        "source": str(episode.info.get("source", "")),
        "month": str(episode.info.get("date", ""))[:7] or "undated",
        "result": result_of(episode),
        "stop": str(episode.stop).replace("_", " "),
        "turns": _between(len(episode.turns), _TURNS, "{:,.0f}", whole=True),
        "completion tokens": _between(tokens.completion, _TOKENS, "{:,.0f}", whole=True),
    }


def _between(value: float, bounds: tuple[float, ...], form: str, *, whole: bool = False) -> str:
    """The name of the range that a value is in: `1`, `5–8`, `> 32`."""
    lower = -inf
    for upper in bounds:
        if value <= upper:
            least = 0.0 if lower == -inf else lower + 1 if whole else lower
            if whole and lower != -inf and least == upper:
                return form.format(upper)
            return (
                form.format(upper) if whole and upper == 1 else f"{form.format(least)}–{form.format(upper)}"
            )
        lower = upper
    return f"> {form.format(bounds[-1])}"


def _ordered(way: str, groups: Mapping[str, _Counts]) -> list[str]:
    order: dict[str, Callable[[str], tuple[object, ...]]] = {
        "difficulty": lambda name: (difficulty_rank(name),),
        "turns": _by_number,
        "completion tokens": _by_number,
        "cost": _by_number,
        "result": lambda name: (name != "solved", -sum(count for _, count in groups[name].tasks.values())),
    }
    return sorted(groups, key=order.get(way, lambda name: (name,)))


def _by_number(name: str) -> tuple[float, ...]:
    return (name.startswith(">"), float(name.removeprefix("> ").split("–")[0].replace(",", "")))
