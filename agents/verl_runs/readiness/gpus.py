"""Enough GPUs of a kind that can train, with a driver for the torch that is installed."""

from __future__ import annotations

from collections.abc import Iterator

from ...run_settings.config_file import ConfigFile
from .finding import Finding
from .machine import Machine

_CHECK = "GPUs"
_CAPABILITY = 8.0
"""bfloat16 and flash-attn; an A100 has it."""
_DRIVERS = {13: 580, 12: 525}
"""The first driver for a major version of CUDA."""


def check_gpus(config: ConfigFile, machine: Machine) -> Iterator[Finding]:
    """The GPUs of this machine, which stands for all nodes."""
    if config.platform == "cpu":
        return
    wanted = config.cluster.gpus_per_node
    found = machine.gpus
    value = f"{len(found)}: {', '.join(sorted({gpu.name for gpu in found}))}" if found else "none"
    need = f"{wanted} on each of {config.cluster.nodes} nodes" if config.cluster.nodes > 1 else f"{wanted}"
    if len(found) < wanted:
        fix = "take another preset, or set cluster.gpus_per_node"
        if not found:
            fix = "nvidia-smi shows none: look at driver and CUDA_VISIBLE_DEVICES, or use a preset for CPU"
        yield Finding.error(_CHECK, value, need, fix)
        return
    weak = [gpu for gpu in found if gpu.capability < _CAPABILITY]
    if weak:
        has = f"{weak[0].name} has compute capability {weak[0].capability}"
        yield Finding.error(_CHECK, has, f"{_CAPABILITY} or more, for bfloat16", "use an A100 or newer")
        return
    yield Finding.ok(_CHECK, value, need)
    yield from _torch(found[0].driver)


def _torch(driver: str) -> Iterator[Finding]:
    try:
        import torch
    except ImportError:
        return  # told by the check of versions
    if torch.version.cuda is None:
        yield Finding.error(
            "CUDA",
            f"torch {torch.__version__} is built for CPUs",
            "a build for CUDA",
            "run scripts/setup.sh on the machine with the GPU",
        )
        return
    first = _DRIVERS.get(int(torch.version.cuda.split(".")[0]), 0)
    value = f"driver {driver}, torch for CUDA {torch.version.cuda}"
    if int(driver.split(".")[0]) < first:
        yield Finding.error("CUDA", value, f"driver {first} or newer", "update the NVIDIA driver")
    else:
        yield Finding.ok("CUDA", value)
