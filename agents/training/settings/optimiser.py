"""Section `optimiser`: updates of the policy, and what they cost in memory."""

from __future__ import annotations

from pydantic import Field

from ...run_settings.adamw import AdamWSettings


class OptimiserSettings(AdamWSettings):
    """Steps of reinforcement learning."""

    steps: int | None = Field(default=None, ge=1)
    """Training steps; None for as many as `epochs` take."""
    epochs: int = Field(default=1, ge=1)
    """Passes over the training tasks; not read when `steps` is given."""
    tasks_per_step: int = Field(default=8, ge=1)
    """Groups of episodes in a step."""
    tasks_per_update: int | None = Field(default=None, ge=1)
    """Groups in one update of the weights; None for all of a step, so that every step is on-policy."""
    save_every: int = Field(default=10, ge=1)
    """Steps from checkpoint to checkpoint."""

    def steps_for(self, tasks: int) -> int:
        """Training steps of a run over so many tasks; what is left of an epoch makes no step."""
        return self.steps or tasks // self.tasks_per_step * self.epochs

    @property
    def update_size(self) -> int:
        """Groups in one update of the weights."""
        return self.tasks_per_update or self.tasks_per_step
