"""Memory, disk and shared memory of the machine itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .amount import GIB, shown
from .finding import Finding
from .host_memory_estimate import checkpoint_bytes, export_bytes
from .machine import Machine, free_space
from .memory_estimate import PhaseMemory
from .memory_plan import MemoryPlan

SHARED_PER_GPU = GIB
"""NCCL's and an engine's shared memory; a container has 64 MiB unless it is given more."""


def check_memory(phase: PhaseMemory, machine: Machine, ways: Mapping[str, str], sooner: str) -> Finding:
    """The machine's own memory.

    Args:
        phase: What the run takes of it.
        machine: Where it will run.
        ways: How to take less, by the part that takes most.
        sooner: What to do where the run would fit if nothing else ran.
    """
    value, need = f"{shown(machine.free_memory)} free of {shown(machine.memory)}", str(phase)
    if phase.total <= machine.free_memory:
        return Finding.ok("memory", value, need)
    if phase.total <= machine.memory:
        return Finding.warning("memory", value, need, sooner)
    largest = max(phase.parts, key=lambda part: phase.parts[part])
    fix = f"{ways[largest]}, or a machine with more" if largest in ways else "a machine with more"
    return Finding.error("memory", value, need, fix)


def check_disk(plan: MemoryPlan, runs: Path, *, keep: int, models: int) -> Finding:
    """Room for what a run leaves.

    Args:
        plan: What decides about sizes.
        runs: Folder of all runs.
        keep: Checkpoints kept; a new one is written before an old one is removed.
        models: Models kept beside them.
    """
    kept = keep + 1
    each, model, free = checkpoint_bytes(plan), export_bytes(plan), free_space(runs)
    wanted = kept * each + models * model
    value = f"{shown(free)} free in {runs}"
    need = f"{shown(wanted)}: {kept} checkpoints of {shown(each)}, {models} model(s) of {shown(model)}"
    if wanted <= free:
        return Finding.ok("disk", value, need)
    return Finding.error("disk", value, need, "--runs on a larger disk, or a smaller optimiser.keep")


def check_shared_memory(machine: Machine, wanted: int, told: str, *, vital: bool) -> Finding:
    """What processes of one machine exchange.

    Args:
        machine: Where the run is.
        wanted: Bytes.
        told: What for.
        vital: Whether the run fails without.
    """
    value, need = f"{shown(machine.shared_memory)} free in /dev/shm", f"{shown(wanted)} {told}"
    if machine.shared_memory >= wanted:
        return Finding.ok("shared memory", value, need)
    fix = "mount -o remount,size=… /dev/shm; in a container, start it with --shm-size"
    return (Finding.error if vital else Finding.warning)("shared memory", value, need, fix)
