"""Section `monitoring`: where the metrics of a run go, and what warns of it or stops it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator

from .section import Section


class Action(StrEnum):
    """What an alert does."""

    OFF = "off"
    WARN = "warn"
    STOP = "stop"


class _Rule(Section):
    action: Action

    @field_validator("action", mode="before")
    @classmethod
    def _off_is_a_word(cls, action: object) -> object:
        return Action.OFF if action is False else action  # as YAML reads a bare `off`


class FailureRule(_Rule):
    """Episodes that the machine fails."""

    action: Action = Action.STOP
    """`off`, `warn` or `stop`."""
    window: int = Field(default=64, ge=1)
    """Last episodes to look at, whatever their step."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Share of them that may not be reached."""


class NotANumberRule(_Rule):
    """A loss, norm, entropy or divergence that is no number."""

    action: Action = Action.STOP
    """`off`, `warn` or `stop`."""


class ProbabilityRule(_Rule):
    """Engine and trainer disagree on how likely sampled tokens were: weights or tokens are out of step."""

    action: Action = Action.STOP
    """`off`, `warn` or `stop`."""
    mean: float = Field(default=0.05, gt=0)
    """The most that the mean difference of a step may be."""
    largest: float | None = Field(default=None, gt=0)
    """The most that a token may differ; by default 1e-4 on CPU, where both compute alike, else unbounded."""


class RewardRule(_Rule):
    """The mean reward falls far below its best."""

    action: Action = Action.WARN
    """`off`, `warn` or `stop`."""
    window: int = Field(default=10, ge=1)
    """Steps of the running mean."""
    fall: float = Field(default=0.5, gt=0, lt=1)
    """Share of the best running mean that may not be lost."""
    least: float = Field(default=0.1, gt=0)
    """A best running mean below this is noise, and nothing to fall from."""


class LevelRule(RewardRule):
    """The success of one level of difficulty falls far below its best, whatever becomes of the others."""

    window: int = Field(default=5, ge=1)
    """Steps of the running mean, of those that hold the level."""


class LengthRule(_Rule):
    """Responses grow without end."""

    action: Action = Action.WARN
    """`off`, `warn` or `stop`."""
    window: int = Field(default=10, ge=1)
    """Steps of the running mean."""
    growth: float = Field(default=3.0, gt=1)
    """How many times the first running mean may be reached."""


class ToolRule(_Rule):
    """The interpreter is on, and the policy stops using it."""

    action: Action = Action.WARN
    """`off`, `warn` or `stop`."""
    window: int = Field(default=5, ge=1)
    """Steps of the running mean."""
    share: float = Field(default=0.5, gt=0, lt=1)
    """Share of episodes that may do without."""


class EntropyRule(_Rule):
    """The policy no longer explores."""

    action: Action = Action.WARN
    """`off`, `warn` or `stop`."""
    window: int = Field(default=5, ge=1)
    """Steps of the running mean."""
    share: float = Field(default=0.05, gt=0, lt=1)
    """Share of the first running mean that must be left."""


class GroupRule(_Rule):
    """Every group is of one reward: estimators that compare the episodes of a group learn nothing."""

    action: Action = Action.WARN
    """`off`, `warn` or `stop`."""
    window: int = Field(default=5, ge=1)
    """Steps in a row."""


class AlertSettings(Section):
    """What to look out for."""

    failures: FailureRule = FailureRule()
    not_a_number: NotANumberRule = NotANumberRule()
    probability_difference: ProbabilityRule = ProbabilityRule()
    reward_collapse: RewardRule = RewardRule()
    level_lost: LevelRule = LevelRule()
    runaway_length: LengthRule = LengthRule()
    tool_abandonment: ToolRule = ToolRule()
    entropy_collapse: EntropyRule = EntropyRule()
    nothing_to_learn: GroupRule = GroupRule()


class WandbSettings(Section):
    """Weights & Biases."""

    enabled: bool = False
    """Whether to log there."""
    project: str = "replgym"
    """The project."""
    entity: str | None = None
    """User or team; that of the account by default."""
    mode: Literal["online", "offline"] = "online"
    """`offline` writes into the run folder, for `wandb sync` later."""


class MlflowSettings(Section):
    """MLflow."""

    enabled: bool = False
    """Whether to log there."""
    uri: str | None = None
    """The tracking server, as `http://host:5000`; `MLFLOW_TRACKING_URI` by default."""
    experiment: str = "replgym"
    """The experiment."""


class SinkSettings(Section):
    """Where the metrics of a run go."""

    console: bool = True
    """A line a step on the console."""
    tensorboard: bool = False
    """Event files below `tensorboard/` of the run folder."""
    wandb: WandbSettings = WandbSettings()
    mlflow: MlflowSettings = MlflowSettings()


class MonitoringSettings(SinkSettings):
    """Sinks and alerts."""

    sampled_episodes: int = Field(default=2, ge=0)
    """Episodes of a step that TensorBoard, W&B and MLflow are given to read."""
    alerts: AlertSettings = AlertSettings()
