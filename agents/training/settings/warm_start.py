"""Section `warm_start`: what a model from scratch learns first."""

from __future__ import annotations

from pydantic import Field

from ...run_settings.section import Section


class WarmStartSettings(Section):
    """Supervised learning on demonstrations before reinforcement learning; off when `model.path` is given."""

    expert_episodes: int = Field(default=48, ge=0)
    """Demonstrations of good play."""
    novice_episodes: int = Field(default=336, ge=0)
    """Demonstrations that know the moves but not which is right."""
    epochs: int = Field(default=6, ge=1)
    """Passes over the demonstrations."""
    batch_size: int = Field(default=8, ge=1)
    """Demonstrations in an update."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Peak learning rate of AdamW."""
