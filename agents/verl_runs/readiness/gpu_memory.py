"""Whether the smallest GPU holds a phase of a run, by estimate."""

from __future__ import annotations

from collections.abc import Iterator

from ...run_settings.config_file import ConfigFile
from .amount import shown
from .finding import Finding
from .machine import Machine
from .memory_estimate import PhaseMemory, update_memory
from .memory_plan import MemoryPlan

ROOM = 0.92
"""Share of a GPU above which an estimate is close enough to its end to fail."""
_CHECK = "GPU memory"


def check_update_memory(
    config: ConfigFile, plan: MemoryPlan | None, machine: Machine, fix: str
) -> Iterator[Finding]:
    """An update of the weights.

    Args:
        config: The run.
        plan: What decides about memory; None where the size of the model is not known.
        machine: Where it will run.
        fix: What to do if it does not fit.
    """
    if config.platform == "cpu":
        return
    if plan is None:
        yield Finding.warning(_CHECK, "unknown", "the size of the model", "see the model's own line")
    elif not machine.gpus:
        yield Finding.ok(_CHECK, "no GPU here", str(update_memory(plan)))
    else:
        yield check_phase(update_memory(plan), machine.smallest_gpu, fix)


def check_phase(phase: PhaseMemory, memory: int, fix: str) -> Finding:
    """One phase on a GPU with so many bytes."""
    if phase.total > memory:
        return Finding.error(_CHECK, shown(memory), str(phase), fix)
    if phase.total > ROOM * memory:
        return Finding.warning(_CHECK, shown(memory), str(phase), fix)
    return Finding.ok(_CHECK, shown(memory), str(phase))
