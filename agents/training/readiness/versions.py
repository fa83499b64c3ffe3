"""Packages of a run of reinforcement learning."""

from __future__ import annotations

from collections.abc import Iterator

from ...verl_runs.readiness.finding import Finding
from ...verl_runs.readiness.versions import check_attention, check_packages
from ..train_config import TrainConfig

_PACKAGES = ("verl", "torch", "transformers", "ray", "TransferQueue")
_ENGINES = ("sglang", "vllm")
"""Engines inside verl."""
_ATTENTION = "+actor_rollout_ref.model.override_config.attn_implementation"


def check_versions(config: TrainConfig) -> Iterator[Finding]:
    """What training imports; a critic is always loaded with flash-attn."""
    engine = config.rollout.engine
    yield from check_packages(_PACKAGES, engine if config.platform == "cuda" and engine in _ENGINES else None)
    yield from check_attention(config, _ATTENTION, always=config.algorithm.critic is not None)
