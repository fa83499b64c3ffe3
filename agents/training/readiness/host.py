"""Memory, cores, shared memory, descriptors and disk of the machine itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...verl_runs.readiness.amount import MIB
from ...verl_runs.readiness.finding import Finding
from ...verl_runs.readiness.host import SHARED_PER_GPU, check_disk, check_memory, check_shared_memory
from ...verl_runs.readiness.host_memory_estimate import host_memory
from ...verl_runs.readiness.machine import Machine
from ...verl_runs.readiness.memory_plan import MemoryPlan
from ..train_config import TrainConfig

_CORES_PER_GPU = 3
"""What verl reserves of Ray for each GPU; without them it waits for ever."""
_KERNELS_PER_CORE = 32
"""Interpreters think for models more than they compute; above this, cells wait for each other."""
_FILES, _FILES_PER_KERNEL = 1024, 16
"""What a process of Ray has open, and what each interpreter adds; ten were measured."""
_STORE = 300 * MIB
"""Ray's object store in a run on CPU."""
_WAYS = {"interpreters": "lower kernels or rollout.workers", "offloaded": "optimiser.offload=false"}


def check_host(
    config: TrainConfig, plan: MemoryPlan | None, machine: Machine, runs: Path
) -> Iterator[Finding]:
    """This machine, which stands for all nodes."""
    interpreters = config.kernels * -(-config.rollout.workers // config.cluster.nodes)
    if plan is not None:
        phase = host_memory(plan, interpreters, cpu=config.platform == "cpu")
        yield check_memory(phase, machine, _WAYS, "end what else runs here, or lower kernels")
        models = 2 if config.measured_inside else 1  # the trained one, and the best
        yield check_disk(plan, runs, keep=config.optimiser.keep, models=models)
    yield _cores(config, machine, interpreters)
    yield _shared_memory(config, machine)
    yield _open_files(config, machine)


def _cores(config: TrainConfig, machine: Machine, interpreters: int) -> Finding:
    wanted = 1 + -(-interpreters // _KERNELS_PER_CORE)
    need = f"{wanted} for {interpreters} interpreters"
    if config.platform == "cuda":
        reserved = _CORES_PER_GPU * config.cluster.gpus_per_node + 1
        wanted += reserved
        need += f" and {reserved} that verl reserves"
        if config.cluster.joined_ray is None and machine.cores < reserved:
            fix = "verl would wait for ever; use a machine with more, or fewer GPUs of it"
            return Finding.error("cores", str(machine.cores), need, fix)
    if machine.cores >= wanted:
        return Finding.ok("cores", str(machine.cores), need)
    return Finding.warning("cores", str(machine.cores), need, "cells may time out; lower kernels")


def _shared_memory(config: TrainConfig, machine: Machine) -> Finding:
    if config.platform == "cpu":
        return check_shared_memory(machine, _STORE, "else Ray uses the disk", vital=False)
    wanted = SHARED_PER_GPU * config.cluster.gpus_per_node
    return check_shared_memory(machine, wanted, "for NCCL and Ray", vital=True)


def _open_files(config: TrainConfig, machine: Machine) -> Finding:
    wanted = _FILES + config.kernels * _FILES_PER_KERNEL
    value = f"{machine.open_files} in one process"
    if machine.open_files >= wanted:
        return Finding.ok("open files", value, str(wanted))
    return Finding.warning("open files", value, str(wanted), f"ulimit -n {wanted}")
