"""Imported by every verl process of a CPU run, which names it in `VERL_USE_EXTERNAL_MODULES`.

It registers what verl needs to run without an accelerator and adapts this process; importing it is the
act of asking for that. The platform comes first: verl's engines ask for it while they are imported.

Raises:
    RuntimeError: If the installed verl is not the supported version, whose private registries are used here.
"""

from __future__ import annotations

import verl
from verl.plugin.platform import set_platform

from .cpu_platform import CpuPlatform
from .names import ENGINE
from .plugin import SUPPORTED_VERL


def adapt() -> None:
    """Registers platform, training engines and rollout engine, and adapts process groups; idempotent."""
    if verl.__version__ != SUPPORTED_VERL:
        raise RuntimeError(
            f"verl {verl.__version__} is installed, the CPU run needs {SUPPORTED_VERL}: "
            "pip install 'replgym[train]'"
        )
    set_platform(CpuPlatform())

    from verl.workers.engine import EngineRegistry
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead, FSDPEngineWithValueHead
    from verl.workers.rollout.base import _ROLLOUT_REGISTRY
    from verl.workers.rollout.replica import RolloutReplicaRegistry

    from .gloo import adapt_process_groups
    from .transformers_replica import TransformersReplica

    adapt_process_groups()
    for model_type, engine in (
        ("language_model", FSDPEngineWithLMHead),
        ("value_model", FSDPEngineWithValueHead),
    ):
        EngineRegistry.register(model_type=model_type, backend=["fsdp", "fsdp2"], device=["cpu"])(engine)
    RolloutReplicaRegistry.register(ENGINE, lambda: TransformersReplica)
    _ROLLOUT_REGISTRY[(ENGINE, "async")] = f"{TransformersReplica.__module__}.TransformersRollout"


adapt()
