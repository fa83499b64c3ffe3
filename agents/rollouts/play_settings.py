"""How all episodes of one run are played: plain data, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...envs.env_config import EnvConfig
from ..policies.policy import Sampling
from .rollout_limits import RolloutLimits


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """Shared by the episodes of a run."""

    env: EnvConfig = field(default_factory=EnvConfig)
    """The environment; also names the back end of the interpreters."""
    limits: RolloutLimits = field(default_factory=RolloutLimits)
    sampling: Sampling = field(default_factory=Sampling)
    seed: int | None = None
    """Sample `n` of every task is played with `seed + n`."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """Set as `Episode.info`, such as the split."""
