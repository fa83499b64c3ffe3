"""verl's replay buffer with an end to its patience.

Dynamic sampling (DAPO, arXiv 2503.14476) draws new tasks as long as groups have equal outcomes, and verl
0.9.1 draws without a bound: tasks that are all too hard or too easy keep a step going for ever. Here a step
may draw so many batches; when they are used up and too few groups are left, the run stops and says so.
It also looks for ended episodes ten times as often as verl does, so that no step waits long after its last.

In verl: `trainer.v1.sampler.custom_sampler.path=pkg://replgym.agents.verl_adapter.bounded_replay_buffer`,
`name=BoundedReplayBuffer`, and `BufferSettings` as `+trainer.v1.sampler.sampler_kwargs.*`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer

_POLL_SECONDS = 0.2
"""From look to look; verl's two seconds are half of a short step."""


class BufferSettings(BaseModel):
    """What verl does not hand to a sampler of one's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks_per_step: int = Field(ge=1)
    """As `data.train_batch_size`."""
    most_batches: int = Field(default=10, ge=1)
    """Batches of tasks that one step may draw, the first one included."""
    metric: str | None = None
    """What must differ in a group: `reward`, or a name in `reward_extra_info` as `acc`; None keeps all."""
    batches_at_once: int = Field(default=1, ge=1)
    """Batches of tasks that may be played at once while groups are replaced."""


class BoundedReplayBuffer(ReplayBuffer):  # type: ignore[misc]
    """Replaces groups that failed or teach nothing, as often as the settings allow."""

    def __init__(
        self, *, trainer_mode: str, sampler_kwargs: Any, refill_fn: Callable[[int], Any], **others: Any
    ) -> None:
        """Takes verl's arguments.

        Raises:
            ValueError: If the trainer is not the synchronous one.
            ValidationError: If the settings are wrong.
        """
        if trainer_mode != "sync":
            raise ValueError(f"BoundedReplayBuffer works with trainer_mode=sync, not {trainer_mode}")
        self._settings = BufferSettings.model_validate(dict(sampler_kwargs))
        self._draw = refill_fn
        self._left = 0
        self._wanted = (0, 0)
        super().__init__(
            trainer_mode=trainer_mode,
            sampler_kwargs=sampler_kwargs,
            refill_fn=self._refill,
            poll_interval=_POLL_SECONDS,
            filter_groups_metric=self._settings.metric,
            train_batch_size=self._settings.tasks_per_step,
            gen_batch_size=1,
            max_inflight_gen_batches=self._settings.batches_at_once,
            sync_refill_failed_groups=True,
            **others,
        )

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[Any, dict[str, Any]]:
        """Waits for the groups of a step; see verl.

        Raises:
            RuntimeError: If the tasks that a step may draw gave too few groups.
        """
        self._left = (self._settings.most_batches - 1) * self._settings.tasks_per_step
        self._wanted = (global_steps, batch_size)
        made: tuple[Any, dict[str, Any]] = super().sample(global_steps, partition_id, batch_size)
        return made

    def _refill(self, tasks: int) -> None:
        allowed = min(tasks, self._left)
        self._left -= allowed
        if allowed:
            self._draw(allowed)

    def _wait_for_next_poll(self, partition_id: str, last_debug_time: float) -> float:
        if not self.pending_keys[partition_id] and not self.running_keys[partition_id]:
            raise RuntimeError(self._exhausted(partition_id))
        return float(super()._wait_for_next_poll(partition_id, last_debug_time))

    def _exhausted(self, partition_id: str) -> str:
        step, wanted = self._wanted
        drawn = self._settings.most_batches * self._settings.tasks_per_step - self._left
        found = len(self.finished_keys[partition_id] | self.failure_keys[partition_id])
        if self._settings.metric is None:
            return (
                f"step {step}: only {found} of {wanted} groups were played, of {drawn} tasks; the rest failed"
            )
        return (
            f"step {step}: only {found} of {wanted} groups have unequal {self._settings.metric!r} among the "
            f"{drawn} tasks that a step may draw (most_batches={self._settings.most_batches}); raise it, or "
            "take tasks that the policy solves sometimes"
        )
