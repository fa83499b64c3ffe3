"""Section `algorithm.rollout_correction`: off-policy correction of what the engine sampled."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...run_settings.section import Section


class RolloutCorrectionSettings(Section):
    """Importance sampling between the engine's probabilities and the trainer's."""

    level: Literal["token", "sequence"] = "token"
    """What gets a weight."""
    threshold: float = Field(default=2.0, gt=0)
    """Weights above it are cut to it."""
