"""How much of a machine's own memory a run takes.

While models are loaded every process that trains holds one whole in float32 where embeddings are tied,
and one process of a node does where they are not. Afterwards stay: with offloading, weights and AdamW's
state between their uses; the reference model, which verl keeps here; on CPU everything that a GPU would
hold, once more the weights for the engine, and no gathered copies. Interpreters and the processes
themselves come on top; the figures for those were measured: 57 MiB of its own for an interpreter that has
imported numpy and pandas, 4 GiB for all of Ray, verl and torch in a run on CPU.
"""

from __future__ import annotations

from .amount import GIB, MIB
from .memory_estimate import PhaseMemory, activations, logits
from .memory_plan import ADAM, GRADIENT, WEIGHT, MemoryPlan
from .model_size import ModelSize

_INTERPRETER = 64 * MIB
_PROCESSES = 4 * GIB
_PROCESSES_PER_GPU = 6 * GIB
"""Host memory of a trainer's process and an engine's process with CUDA."""


def host_memory(
    plan: MemoryPlan, interpreters: int, *, cpu: bool, processes: float | None = None
) -> PhaseMemory:
    """The machine's memory at its peak, on the node with most.

    Args:
        plan: The run.
        interpreters: Alive at once on this node.
        cpu: Whether the run has no GPUs.
        processes: Bytes of the processes themselves; by default those of Ray, verl and an engine.
    """
    models = [model for model in (plan.model, plan.critic) if model is not None]
    if processes is None:
        processes = _PROCESSES if cpu else _PROCESSES + plan.gpus_per_node * _PROCESSES_PER_GPU
    parts = {"interpreters": float(interpreters * _INTERPRETER), "processes": float(processes)}
    if cpu:
        engine = WEIGHT * plan.model.parameters if plan.engine_inside else 0
        parts["training"] = float(sum(map(_state, models)) + engine)
        parts["activations"] = plan.gpus_per_node * (activations(plan, plan.model) + logits(plan))
    else:
        kept = WEIGHT + ADAM + (GRADIENT if plan.streamed else 0)
        offloaded = sum(kept * model.parameters for model in models) if plan.offload else 0
        parts["offloaded"] = offloaded / plan.nodes
        loading = max(_loaded(plan, model) for model in models)
        parts["loading"] = max(0.0, loading - parts["offloaded"])
    parts["reference"] = WEIGHT * plan.model.parameters / plan.nodes if plan.reference else 0.0
    return PhaseMemory("run", parts)


def checkpoint_bytes(plan: MemoryPlan) -> int:
    """One checkpoint on disk: weights, AdamW's state, and the weights again as a model of `transformers`."""
    critic = 0 if plan.critic is None else (WEIGHT + ADAM) * plan.critic.parameters
    return (WEIGHT + ADAM) * plan.model.parameters + export_bytes(plan) + critic


def export_bytes(plan: MemoryPlan) -> int:
    """The policy on disk as a model of `transformers`."""
    return WEIGHT * plan.model.parameters


def _state(model: ModelSize) -> int:
    return (WEIGHT + GRADIENT + ADAM) * model.parameters


def _loaded(plan: MemoryPlan, model: ModelSize) -> float:
    return WEIGHT * model.parameters * (plan.gpus_per_node if model.tied else 1)
