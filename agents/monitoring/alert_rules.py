"""The rules of alerts: each reads a step after the other and says what is wrong, if something is.

A rule that a step says nothing about stays as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from statistics import fmean

from ..run_settings.monitoring import (
    Action,
    AlertSettings,
    EntropyRule,
    GroupRule,
    LengthRule,
    LevelRule,
    NotANumberRule,
    ProbabilityRule,
    RewardRule,
    ToolRule,
)
from .level_tally import LevelTally
from .step_record import StepRecord

EXACT_DIFFERENCE = 1e-4
"""The most that a token's probability may differ where engine and trainer both compute in float32."""


class AlertRule(ABC):
    """One rule."""

    name: str

    def __init__(self, action: Action) -> None:
        self.action = action

    @abstractmethod
    def complaint(self, record: StepRecord) -> str | None:
        """What is wrong after this step; None when nothing is."""


class _Trend(AlertRule):
    """Looks at the running mean of one metric."""

    metric: str

    def __init__(self, action: Action, window: int) -> None:
        super().__init__(action)
        self._recent: deque[float] = deque(maxlen=window)
        self._said: str | None = None
        self._window = window

    def complaint(self, record: StepRecord) -> str | None:
        """Judges the mean of the last steps, once there are enough."""
        value = record.values.get(self.metric)
        if value is not None:
            self._recent.append(value)
            full = len(self._recent) == self._window
            self._said = self._judge(fmean(self._recent)) if full else None
        return self._said

    @abstractmethod
    def _judge(self, mean: float) -> str | None: ...


class _Fall(_Trend):
    """The mean falls far below its best."""

    told: str
    """What the mean is of, in words."""

    def __init__(self, settings: RewardRule) -> None:
        super().__init__(settings.action, settings.window)
        self._settings = settings
        self._best = float("-inf")

    def _judge(self, mean: float) -> str | None:
        self._best = max(self._best, mean)
        bound = (1 - self._settings.fall) * self._best
        if self._best < self._settings.least or mean >= bound:
            return None
        return (
            f"{self.told} over {self._window} steps is {mean:.3g}, below {bound:.3g}; "
            f"its best was {self._best:.3g}"
        )


class RewardCollapse(_Fall):
    """The mean reward falls far below its best."""

    name, metric, told = "reward_collapse", "rollout/reward", "mean reward"


class _LevelFall(_Fall):
    """The same of one level's success."""

    def __init__(self, settings: LevelRule, level: str) -> None:
        super().__init__(settings)
        self.metric = LevelTally.metric(level)
        self.told = f"success of {level}"


class LevelLost(AlertRule):
    """One of several levels is unlearnt, whatever becomes of the others."""

    name = "level_lost"

    def __init__(self, settings: LevelRule) -> None:
        super().__init__(settings.action)
        self._settings = settings
        self._levels: dict[str, _LevelFall] = {}

    def complaint(self, record: StepRecord) -> str | None:
        """Names the levels that fell; a single level's success is in the reward."""
        for level in LevelTally.shares(record.values):
            if level not in self._levels:
                self._levels[level] = _LevelFall(self._settings, level)
        told = [said for level in self._levels.values() if (said := level.complaint(record))]
        return "; ".join(told) if told and len(self._levels) > 1 else None


class RunawayLength(_Trend):
    """Responses grow without end."""

    name, metric = "runaway_length", "rollout/response_tokens"

    def __init__(self, settings: LengthRule) -> None:
        super().__init__(settings.action, settings.window)
        self._growth = settings.growth
        self._first: float | None = None

    def _judge(self, mean: float) -> str | None:
        self._first = mean if self._first is None else self._first
        if mean < self._growth * self._first or not self._first:
            return None
        return (
            f"responses have {mean:.0f} tokens over {self._window} steps, "
            f"{mean / self._first:.1f} times the {self._first:.0f} of the first {self._window}"
        )


class ToolAbandonment(_Trend):
    """The interpreter is on, and the policy stops using it."""

    name, metric = "tool_abandonment", "tools/unused"

    def __init__(self, settings: ToolRule) -> None:
        super().__init__(settings.action, settings.window)
        self._share = settings.share

    def _judge(self, mean: float) -> str | None:
        if mean <= self._share:
            return None
        return f"{mean:.0%} of the episodes over {self._window} steps did not use the interpreter"


class EntropyCollapse(_Trend):
    """The policy no longer explores."""

    name, metric = "entropy_collapse", "policy/entropy"

    def __init__(self, settings: EntropyRule) -> None:
        super().__init__(settings.action, settings.window)
        self._share = settings.share
        self._first: float | None = None

    def _judge(self, mean: float) -> str | None:
        self._first = mean if self._first is None else self._first
        if mean >= self._share * self._first:
            return None
        return (
            f"entropy is {mean:.2g} nats a token over {self._window} steps, "
            f"{mean / self._first:.1%} of the {self._first:.2g} of the first {self._window}"
        )


class NothingToLearn(_Trend):
    """All groups are of one reward each, and the estimator compares the episodes of a group."""

    name, metric = "nothing_to_learn", "groups/equal"

    def __init__(self, settings: GroupRule) -> None:
        super().__init__(settings.action, settings.window)

    def _judge(self, mean: float) -> str | None:
        if mean < 1:
            return None
        return (
            f"in no group of {self._window} steps did rewards differ, so comparing them teaches nothing; "
            "take tasks that the policy solves sometimes, or more samples of each"
        )


class NotANumber(AlertRule):
    """Something that must be a number is none."""

    name = "not_a_number"

    def __init__(self, settings: NotANumberRule) -> None:
        super().__init__(settings.action)

    def complaint(self, record: StepRecord) -> str | None:
        """Names what is no number."""
        return f"{', '.join(record.broken)}: not a number" if record.broken else None


class ProbabilityDifference(AlertRule):
    """Engine and trainer disagree on how likely the sampled tokens were."""

    name = "probability_difference"
    _mean, _largest = "policy/probability_difference", "policy/probability_difference_max"

    def __init__(self, settings: ProbabilityRule, *, exact: bool) -> None:
        super().__init__(settings.action)
        largest = EXACT_DIFFERENCE if exact and settings.largest is None else settings.largest
        self._bounds = {self._mean: settings.mean, self._largest: largest}
        self._said: str | None = None

    def complaint(self, record: StepRecord) -> str | None:
        """Compares both differences with their bounds."""
        found = {name: record.values[name] for name in self._bounds if name in record.values}
        if found:
            over = (
                f"the engine's and the trainer's probabilities differ by {value:.1e}, more than {bound:.0e}: "
                "weights or tokens are out of step"
                for name, value in found.items()
                if (bound := self._bounds[name]) is not None and value >= bound
            )
            self._said = next(over, None)
        return self._said


def step_rules(settings: AlertSettings, *, exact: bool, tools: bool, groups: bool) -> list[AlertRule]:
    """The rules that are on and look at steps.

    Args:
        settings: Their settings.
        exact: Whether engine and trainer compute alike, both in float32.
        tools: Whether the interpreter is on.
        groups: Whether advantages come from comparing the episodes of a group.
    """
    rules: list[AlertRule] = [
        NotANumber(settings.not_a_number),
        ProbabilityDifference(settings.probability_difference, exact=exact),
        RewardCollapse(settings.reward_collapse),
        LevelLost(settings.level_lost),
        RunawayLength(settings.runaway_length),
        EntropyCollapse(settings.entropy_collapse),
    ]
    if tools:
        rules.append(ToolAbandonment(settings.tool_abandonment))
    if groups:
        rules.append(NothingToLearn(settings.nothing_to_learn))
    return [rule for rule in rules if rule.action is not Action.OFF]
