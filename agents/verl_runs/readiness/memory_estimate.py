"""How much memory of a GPU a run takes, from the sizes of its models and its settings.

verl trains and generates by turns. With P parameters, G GPUs, T tokens in a pass (`tokens_per_gpu`),
width h, inner width i, key width k, L layers, vocabulary V, and b bytes a number (bfloat16: 2), a GPU
holds

- in an update: weights 4P/G, gradients 4P/G and AdamW's state 8P/G in float32, sharded by FSDP2; the
  layers and embeddings that FSDP2 has gathered, b a weight, with the gradients of one in float32; what
  backward needs, which is `T L b h` with gradient checkpointing and one layer from inside, `T (b (4i + 2k
  + 6h) + 8h)`, without it that for every layer; and the logits with what is made of them, `b T V` each:
  the gradient or, while old probabilities are computed over twice the tokens, as much again; the scaled
  copy doubles it;
- in a rollout: the share of memory that the engine was given for weights and KV cache, and what the
  trainer keeps, 12P/G without offloading, nothing with it;
- always: the CUDA context, NCCL's buffers, and verl's bucket for sending weights.

FSDP2's own offloading (`fsdp_config.offload_policy`) keeps all state off the GPU, and updates on the CPU.
A critic of C parameters has the same state again, which stays beside the other's unless it is offloaded.
The reference model adds nothing: verl keeps it in the machine's memory. Sources: verl 0.9.1
(`workers/engine/fsdp`, `trainer/config/engine/fsdp.yaml`); ZeRO (Rajbhandari et al. 2020, arXiv
1910.02054) for the states, "Reducing Activation Recomputation" (Korthikanti et al. 2022, arXiv
2205.05198) for counting what backward needs, with the tensors of transformers' Qwen2 in place of GPT's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .amount import GIB, shown
from .memory_plan import ADAM, GRADIENT, WEIGHT, MemoryPlan
from .model_size import ModelSize

_FIXED = 4 * GIB
"""CUDA contexts of two processes, NCCL's buffers, libraries' work space, and a bucket of 2 GiB of weights."""
_LOG_PROB_PASSES = 2
"""Old probabilities are computed over so many times the tokens of an update."""


@dataclass(frozen=True, slots=True)
class PhaseMemory:
    """What one phase holds at its peak."""

    name: str
    parts: Mapping[str, float]
    """Bytes by what they are for."""

    @property
    def total(self) -> float:
        """Bytes in all."""
        return sum(self.parts.values())

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {shown(size)}" for name, size in self.parts.items() if size)
        return f"{self.name} {shown(self.total)} ({parts})"


def update_memory(plan: MemoryPlan) -> PhaseMemory:
    """A GPU while a model is updated: the policy, or a critic that takes more."""
    policy = _update(plan, plan.model, logits(plan), beside=plan.critic)
    if plan.critic is None:
        return policy
    critic = _update(plan, plan.critic, 0, beside=plan.model)
    return max(policy, critic, key=lambda phase: phase.total)


def rollout_memory(plan: MemoryPlan, engine: float) -> PhaseMemory:
    """A GPU while episodes are played.

    Args:
        plan: The run.
        engine: Bytes that the engine was given.
    """
    kept = {"trainer": 0.0 if plan.offload else _kept(plan, plan.model) + _kept(plan, plan.critic)}
    return PhaseMemory("rollout", {"engine": engine, **kept, "fixed": _FIXED})


def activations(plan: MemoryPlan, model: ModelSize) -> float:
    """Bytes that backward needs of the layers."""
    inside = (
        plan.number * (4 * model.intermediate + 2 * model.key_value + 6 * model.hidden) + 8 * model.hidden
    )
    if not plan.checkpointing:
        return plan.tokens * model.layers * inside
    return plan.tokens * (model.layers * plan.number * model.hidden + inside)


def logits(plan: MemoryPlan) -> float:
    """Bytes of the logits and of what is made of them."""
    one = plan.tokens * plan.model.vocabulary * plan.number
    copies = max(1 + plan.scaled + 1, _LOG_PROB_PASSES * (1 + plan.scaled))
    return one * copies + (plan.tokens * plan.model.vocabulary * 8 if plan.entropy else 0)


def key_value_tokens(plan: MemoryPlan, engine: float, tensor_parallel: int) -> int:
    """Tokens that an engine's KV cache holds; negative when not even the weights fit.

    Args:
        plan: The run.
        engine: Bytes that the engine was given on each GPU.
        tensor_parallel: GPUs that hold one copy of the model.
    """
    token = 2 * plan.model.layers * plan.model.key_value * plan.number
    room = engine * tensor_parallel - plan.model.parameters * plan.number
    return int(room // token)


def _update(plan: MemoryPlan, model: ModelSize, logits: float, beside: ModelSize | None) -> PhaseMemory:
    share = model.parameters / plan.gpus
    largest = max(model.layer_parameters, model.embedding_parameters)
    gathered = plan.number * (2 * model.layer_parameters + model.embedding_parameters) + GRADIENT * largest
    if plan.streamed:
        share = 0.0
    parts = {
        "weights": WEIGHT * share,
        "gradients": GRADIENT * share,
        "Adam": ADAM * share,
        "gathered": float(gathered),
        "activations": activations(plan, model),
        "logits": logits,
        "other model": 0.0 if plan.offload else _kept(plan, beside),
        "fixed": _FIXED,
    }
    return PhaseMemory("update", parts)


def _kept(plan: MemoryPlan, model: ModelSize | None) -> float:
    """What of a model stays on each GPU between its updates."""
    return 0.0 if model is None else (WEIGHT + ADAM) * model.parameters / plan.gpus
