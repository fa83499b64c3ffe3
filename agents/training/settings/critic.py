"""Section `algorithm.critic`: the value model of PPO."""

from __future__ import annotations

from pydantic import Field

from ...run_settings.section import Section


class CriticSettings(Section):
    """A value model, trained beside the policy."""

    path: str | None = None
    """Folder or hub id to start from; None for the policy's own."""
    learning_rate: float = Field(default=1e-5, gt=0)
    """Peak learning rate of AdamW."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps that train the critic alone, before the policy moves."""
    clip_value: float = Field(default=0.5, gt=0)
    """How far a value may move from its old one before its loss is clipped."""
