"""Section `algorithm`: how rewards become gradients. Every name is verl's own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...run_settings.section import Section
from .critic import CriticSettings
from .rollout_correction import RolloutCorrectionSettings

Estimator = Literal[
    "grpo",
    "grpo_passk",
    "gae",
    "rloo",
    "reinforce_plus_plus",
    "reinforce_plus_plus_baseline",
    "opo",
    "gpg",
]
PolicyLoss = Literal["vanilla", "gspo", "sapo", "geo_mean", "cispo", "clip_cov", "kl_cov", "gpg"]
Aggregation = Literal["token-mean", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"]
Divergence = Literal["kl", "abs", "mse", "low_var_kl", "full"]

_GROUPED = ("grpo", "grpo_passk", "rloo", "opo", "reinforce_plus_plus_baseline", "gpg")


class AlgorithmSettings(Section):
    """Advantages, the policy's loss and its penalties; GRPO (arXiv 2402.03300) by default."""

    estimator: Estimator = "grpo"
    """How advantages are estimated; `gae` is PPO and trains a critic."""
    normalise_by_std: bool = True
    """Divide a group's advantages by their standard deviation; Dr.GRPO (arXiv 2503.20783) does not."""
    policy_loss: PolicyLoss = "vanilla"
    """The surrogate; `vanilla` clips the ratio of each token, `gspo` that of whole sequences."""
    clip_low: float = Field(default=0.2, gt=0)
    """How far a probability ratio may fall below 1 before it is clipped."""
    clip_high: float = Field(default=0.28, gt=0)
    """How far it may rise above 1; more than `clip_low` is DAPO's clip-higher."""
    clip_dual: float = Field(default=3.0, gt=1)
    """Bound of the loss of a negative advantage, in advantages (dual clip)."""
    loss_aggregation: Aggregation = "token-mean"
    """How losses of tokens become one number."""
    loss_scale: int | None = Field(default=None, ge=1)
    """Divisor of `seq-mean-token-sum-norm`; None for the longest response."""
    kl_loss: float = Field(default=0.0, ge=0)
    """Weight of the divergence from the first policy in the loss; 0 loads no reference model for it."""
    kl_loss_kind: Divergence = "low_var_kl"
    """Estimator of the divergence in the loss."""
    kl_reward: float = Field(default=0.0, ge=0)
    """Weight of the divergence from the first policy in the reward."""
    entropy_coefficient: float = Field(default=0.0, ge=0)
    """Weight of an entropy bonus."""
    mask_void_turns: bool = False
    """Leave episodes with a turn without code or answer out of the loss, as SimpleTIR does."""
    filter_groups: bool = False
    """Sample on until all groups of a step have unequal outcomes (DAPO's dynamic sampling)."""
    filter_metric: Literal["acc", "reward"] = "acc"
    """What must differ in a group: whether the task is solved, or the reward."""
    filter_at_once: int = Field(default=1, ge=1)
    """Steps' worth of tasks that are played at once while groups are filtered."""
    filter_at_most: int = Field(default=10, ge=1)
    """Steps' worth of tasks that one step may draw; when they give too few groups, the run stops."""
    gamma: float = Field(default=1.0, gt=0, le=1)
    """Discount of later rewards."""
    lam: float = Field(default=1.0, ge=0, le=1)
    """Lambda of generalised advantage estimation."""
    critic: CriticSettings | None = None
    """The value model of `gae`."""
    rollout_correction: RolloutCorrectionSettings | None = None
    """Importance weights for what engine and trainer compute differently."""

    @property
    def compares_groups(self) -> bool:
        """Whether advantages come from comparing the episodes of a group."""
        return self.estimator in _GROUPED
