"""All checks of a supervised run, in the order in which a person would go through them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ...verl_runs.readiness.amount import GIB
from ...verl_runs.readiness.finding import Finding
from ...verl_runs.readiness.gpu_memory import check_update_memory
from ...verl_runs.readiness.gpus import check_gpus
from ...verl_runs.readiness.host import SHARED_PER_GPU, check_disk, check_memory, check_shared_memory
from ...verl_runs.readiness.host_memory_estimate import host_memory
from ...verl_runs.readiness.machine import Machine
from ...verl_runs.readiness.memory_plan import MemoryPlan
from ...verl_runs.readiness.model import find_model, unknown_model
from ...verl_runs.readiness.model_size import ModelSize
from ...verl_runs.readiness.versions import check_attention, check_packages
from ..sft_config import SftConfig
from .conversations import check_conversations

_PACKAGES = ("verl", "torch", "transformers", "pyarrow")
_ATTENTION = "+model.override_config.attn_implementation"
_PROCESS = {"cpu": 1 * GIB, "cuda": 3 * GIB}
"""Host memory of a process that trains, with what it imports."""
_WAYS = {"offloaded": "optimiser.offload=false", "training": "a smaller model"}


def examine(config: SftConfig, runs: Path, machine: Machine | None = None) -> tuple[Finding, ...]:
    """Looks at everything that a run needs; takes a few seconds and changes nothing.

    Args:
        config: The run.
        runs: Folder in which its run folder will lie.
        machine: Where it will run; this machine by default.
    """
    return tuple(_findings(config, runs, machine or Machine.this()))


def _findings(config: SftConfig, runs: Path, machine: Machine) -> Iterator[Finding]:
    yield from check_packages(_PACKAGES)
    yield from check_attention(config, _ATTENTION)
    yield from check_gpus(config, machine)
    model = find_model("model", "model.path", config.model.path, config.model.tiny)
    yield model.finding
    plan = None
    if model.settings is not None and all(map(find_spec, ("torch", "transformers"))):
        try:
            plan = supervised_memory(config, ModelSize.of(model.settings))
        except ValueError as error:
            yield unknown_model(error)
    yield from check_update_memory(config, plan, machine, _fix(config))
    yield from _host(config, plan, machine, runs)
    yield from check_conversations(config.data.files)


def supervised_memory(config: SftConfig, model: ModelSize) -> MemoryPlan:
    """What of a run decides about memory; offloading is FSDP2's own."""
    return MemoryPlan(
        model=model,
        gpus_per_node=config.cluster.gpus_per_node,
        nodes=config.cluster.nodes,
        tokens=config.tokens_per_gpu,
        number=4 if config.platform == "cpu" else 2,
        checkpointing=config.optimiser.gradient_checkpointing,
        offload=config.optimiser.offload,
        streamed=config.optimiser.offload,
    )


def _host(config: SftConfig, plan: MemoryPlan | None, machine: Machine, runs: Path) -> Iterator[Finding]:
    processes = config.cluster.gpus_per_node
    if plan is not None:
        cpu, own = config.platform == "cpu", processes * _PROCESS[config.platform]
        phase = host_memory(plan, 0, cpu=cpu, processes=own)
        yield check_memory(phase, machine, _WAYS, "end what else runs here")
        yield check_disk(plan, runs, keep=config.optimiser.keep, models=1)
    if config.platform == "cuda":
        yield check_shared_memory(machine, processes * SHARED_PER_GPU, "for NCCL", vital=True)


def _fix(config: SftConfig) -> str:
    """What to do where an update does not fit."""
    optimiser, ways = config.optimiser, ["more GPUs (cluster.gpus_per_node, cluster.nodes)"]
    if config.tokens_per_gpu * optimiser.sequence_parallel > config.data.max_tokens:
        ways.append(f"optimiser.tokens_per_gpu below {config.tokens_per_gpu}")
    elif config.cluster.gpus > optimiser.sequence_parallel:
        ways.append(f"optimiser.sequence_parallel above {optimiser.sequence_parallel}")
    if not optimiser.gradient_checkpointing:
        ways.append("optimiser.gradient_checkpointing=true")
    if not optimiser.offload:
        ways.append("optimiser.offload=true, which is slow")
    return f"{', '.join(ways)}, or a smaller model"
