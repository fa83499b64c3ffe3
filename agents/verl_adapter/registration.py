"""Makes our parts known to verl by name. Their modules are imported when a run asks for one of them."""

from __future__ import annotations

from typing import Any

from .names import ENGINE, SGLANG_HTTP

_ROLLOUTS = {
    ENGINE: "replgym.agents.verl_adapter.transformers_replica.TransformersRollout",
    SGLANG_HTTP: "replgym.agents.verl_adapter.sglang_http_rollout.SGLangHttpRollout",
}


def register_engines() -> None:
    """Registers the rollout engines; idempotent."""
    from verl.workers.rollout.base import _ROLLOUT_REGISTRY
    from verl.workers.rollout.replica import RolloutReplicaRegistry

    RolloutReplicaRegistry.register(ENGINE, _transformers_replica)
    RolloutReplicaRegistry.register(SGLANG_HTTP, _sglang_http_replica)
    for name, rollout in _ROLLOUTS.items():
        _ROLLOUT_REGISTRY[(name, "async")] = rollout


def _transformers_replica() -> Any:
    from .transformers_replica import TransformersReplica

    return TransformersReplica


def _sglang_http_replica() -> Any:
    from .sglang_http_replica import SGLangHttpReplica

    return SGLangHttpReplica
