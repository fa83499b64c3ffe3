"""One metric of a training step, and the table of all of them.

A name is `family/what`; what verl calls it stands in `sources`. Metrics without a source are counted from the
episodes of the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..rollouts.episode import Failure, StopReason


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table."""

    name: str
    unit: str
    meaning: str
    sources: tuple[str, ...] = ()
    """verl's names, of which the first that is present counts."""
    finite: bool = False
    """Whether a value that is no number means that training is broken."""

    def read(self, trainer: Mapping[str, float | None]) -> float | None:
        """The value among those of verl; None when verl said nothing of it."""
        return next((value for key in self.sources if (value := trainer.get(key)) is not None), None)

    def broken(self, trainer: Mapping[str, float | None]) -> bool:
        """Whether verl wrote it, and not as a finite number."""
        written = [trainer[key] for key in self.sources if key in trainer]
        return any(value is None or not math.isfinite(value) for value in written)


_EPISODES = (
    Metric("rollout/episodes", "episodes", "scored episodes"),
    Metric("rollout/solved", "share", "scored episodes whose submission passed every test"),
    Metric("rollout/pass_rate", "share", "tests passed, mean over scored episodes"),
    Metric("rollout/reward", "reward", "mean reward of scored episodes"),
    Metric("rollout/turns", "turns", "messages, mean over scored episodes"),
    Metric("rollout/void_turns", "share", "messages of which neither code nor an answer came"),
    Metric("rollout/parse_errors", "share", "messages that could not be read"),
    Metric("rollout/response_tokens", "tokens", "tokens after the prompt, observations included, mean"),
    Metric("rollout/response_tokens_max", "tokens", "the longest response"),
    Metric("rollout/sampled_tokens", "tokens", "tokens that the policy sampled, mean over scored episodes"),
    Metric("rollout/truncated", "share", "scored episodes that ended without a submission"),
    Metric("groups/count", "groups", "groups with at least one scored episode"),
    Metric("groups/none", "share", "groups of which no episode is solved"),
    Metric("groups/few", "share", "groups of which less than 25 % is solved, but not none"),
    Metric("groups/medium", "share", "groups of which 25 % to 75 % is solved"),
    Metric("groups/most", "share", "groups of which more than 75 % is solved, but not all"),
    Metric("groups/all", "share", "groups of which every episode is solved"),
    Metric("groups/equal", "share", "groups whose episodes all have the same reward"),
    Metric("tools/calls", "calls", "tool calls, mean over scored episodes"),
    Metric("tools/unused", "share", "scored episodes that ran no cell but the one that handed in"),
    Metric("tools/cells", "cells", "cells, mean over scored episodes"),
    Metric("tools/cell_errors", "share", "cells that raised"),
    Metric("tools/cell_timeouts", "share", "cells that were interrupted because their time was over"),
    Metric("tools/cell_deaths", "share", "cells that killed their interpreter"),
    Metric("tools/cell_p50", "seconds", "duration of a cell, median"),
    Metric("tools/cell_p99", "seconds", "duration of a cell, 99th percentile"),
    Metric("tools/kernel_wait_p50", "seconds", "waiting of an episode for its interpreters, median"),
    Metric("tools/kernel_wait_p99", "seconds", "the same, 99th percentile"),
    Metric("failures/share", "share", "tries at an episode that the machine failed; they are not scored"),
)
_STOPS = tuple(
    Metric(f"stops/{reason}", "share", f"scored episodes that ended by `{reason}`")
    for reason in StopReason
    if reason is not StopReason.FAILURE
)
_FAILURES = tuple(
    Metric(f"failures/{part}", "episodes", f"tries at an episode that failed in the part `{part}`")
    for part in Failure
)
_HELDOUT = (
    Metric("heldout/episodes", "episodes", "scored held-out episodes, in steps with a measurement"),
    Metric("heldout/reward", "reward", "mean reward of held-out episodes, each task counting alike"),
    Metric("heldout/solved", "share", "held-out episodes solved, each task counting alike"),
)
_TRAINER = (
    Metric("policy/entropy", "nats", "entropy of a token", ("actor/entropy", "actor/entropy_loss"), True),
    Metric("policy/loss", "loss", "loss of the policy", ("actor/loss", "actor/pg_loss"), True),
    Metric("policy/gradient_norm", "norm", "gradient before clipping", ("actor/grad_norm",), True),
    Metric("policy/clipped", "share", "tokens whose ratio was clipped", ("actor/pg_clipfrac",), True),
    Metric("policy/kl_update", "nats", "divergence of the updated policy from the sampling one",
           ("actor/ppo_kl",), True),
    Metric("policy/kl_reference", "nats", "divergence from the reference policy",
           ("actor/kl_loss", "actor/reward_kl_penalty"), True),
    Metric("policy/learning_rate", "rate", "learning rate of the policy", ("actor/lr",)),
    Metric("policy/staleness", "steps", "age of the weights that sampled, mean",
           ("training/off_policy/trajectory_staleness/mean",)),
    Metric("policy/probability_difference", "probability",
           "a token's probability in the engine against the trainer, mean",
           ("training/rollout_probs_diff_mean",), True),
    Metric("policy/probability_difference_max", "probability", "the same, largest of the step",
           ("training/rollout_probs_diff_max",), True),
    Metric("critic/loss", "loss", "loss of the critic", ("critic/vf_loss",), True),
    Metric("critic/gradient_norm", "norm", "norm of the critic's gradient", ("critic/grad_norm",), True),
    Metric("critic/explained_variance", "share", "variance of returns that the critic explains",
           ("critic/vf_explained_var",)),
    Metric("time/step", "seconds", "the whole step", ("timing_s/step", "perf/time_per_step")),
    Metric("time/rollout", "seconds", "waiting for episodes", ("timing_s/gen",)),
    Metric("time/reward", "seconds", "scoring by a reward model", ("timing_s/reward",)),
    Metric("time/old_probabilities", "seconds", "probabilities under the sampling policy",
           ("timing_s/old_log_prob",)),
    Metric("time/reference", "seconds", "probabilities under the reference policy", ("timing_s/ref",)),
    Metric("time/values", "seconds", "values of the critic", ("timing_s/values",)),
    Metric("time/advantages", "seconds", "advantages", ("timing_s/adv",)),
    Metric("time/update_critic", "seconds", "update of the critic", ("timing_s/update_critic",)),
    Metric("time/update_policy", "seconds", "update of the policy", ("timing_s/update_actor",)),
    Metric("time/weights", "seconds", "handing the weights to the engine", ("timing_s/update_weights",)),
    Metric("time/checkpoint", "seconds", "saving a checkpoint", ("timing_s/save_checkpoint",)),
    Metric("time/heldout", "seconds", "measuring on held-out tasks", ("timing_s/testing",)),
)  # fmt: skip
_DERIVED = (
    Metric("time/environment_of_rollout", "share", "the environment's part of the seconds of all episodes"),
    Metric("time/environment_of_step", "share", "the same of the step, by the length of its rollout"),
    Metric("speed/tokens", "tokens/s", "tokens trained on, by the length of the step"),
    Metric("speed/sampled_tokens", "tokens/s", "tokens sampled, by the length of the rollout"),
    Metric("speed/episodes", "episodes/s", "scored episodes, by the length of the step"),
)

_SUPERVISED = (
    Metric("sft/loss", "nats", "loss of a learnt token, in a supervised run", ("train/loss",), True),
    Metric("sft/heldout_loss", "nats", "the same on what is held out", ("val/loss",), True),
    Metric("sft/gradient_norm", "norm", "gradient before clipping", ("train/grad_norm",), True),
    Metric("sft/learning_rate", "rate", "learning rate", ("train/lr",)),
    Metric("sft/tokens", "tokens", "tokens of the batch", ("train/global_tokens",)),
)

METRICS: tuple[Metric, ...] = (
    *_EPISODES, *_STOPS, *_FAILURES, *_HELDOUT, *_TRAINER, *_DERIVED, *_SUPERVISED
)  # fmt: skip
"""Every metric that this package names; what else verl writes is kept under verl's own names."""
