"""Imported by every verl process of a CPU run, which names it in `VERL_USE_EXTERNAL_MODULES`.

It registers what verl needs to run without an accelerator and adapts this process; importing it is the
act of asking for that. The platform comes first: verl's engines ask for it while they are imported.

Raises:
    RuntimeError: If the installed verl is not the supported version, whose private registries are used here.
"""

from __future__ import annotations

from typing import Any

import verl
from verl.plugin.platform import set_platform

from .cpu_platform import CpuPlatform
from .names import SUPPORTED_VERL
from .registration import register_engines


def adapt() -> None:
    """Registers platform, training engines and rollout engines, and adapts process groups; idempotent."""
    if verl.__version__ != SUPPORTED_VERL:
        raise RuntimeError(
            f"verl {verl.__version__} is installed, the CPU run needs {SUPPORTED_VERL}: "
            "pip install 'replgym[train]'"
        )
    set_platform(CpuPlatform())

    from verl.utils import model
    from verl.workers.engine import EngineRegistry
    from verl.workers.engine.fsdp import transformer_impl

    from .gloo import adapt_process_groups

    adapt_process_groups()
    for model_type, engine in (
        ("language_model", transformer_impl.FSDPEngineWithLMHead),
        ("value_model", transformer_impl.FSDPEngineWithValueHead),
    ):
        EngineRegistry.register(model_type=model_type, backend=["fsdp", "fsdp2"], device=["cpu"])(engine)
    model.load_valuehead_model = _value_model
    transformer_impl.CPUOffloadPolicy = _unpinned
    register_engines()


def _unpinned(pin_memory: bool = True) -> Any:
    """A reference model's weights at rest; verl asks for pinned memory, which only an accelerator has."""
    from torch.distributed.fsdp import CPUOffloadPolicy

    return CPUOffloadPolicy(pin_memory=False)


def _value_model(local_path: str, torch_dtype: Any, model_config: Any, trust_remote_code: bool) -> Any:
    """A critic; verl's own loader asks for an attention that only GPUs compute."""
    from transformers import AutoModelForTokenClassification

    return AutoModelForTokenClassification.from_pretrained(
        local_path,
        dtype=torch_dtype,
        config=model_config,
        attn_implementation="sdpa",
        trust_remote_code=trust_remote_code,
    )


adapt()
