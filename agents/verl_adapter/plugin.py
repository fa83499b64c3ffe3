"""Entry point `verl.plugins`: makes the CPU platform known by name, and does nothing else."""

from __future__ import annotations

from verl.plugin.platform import PlatformRegistry

from .cpu_platform import CpuPlatform

SUPPORTED_VERL = "0.9.1"


def register() -> None:
    """Makes `VERL_PLATFORM=cpu` known; idempotent."""
    PlatformRegistry.register(platform="cpu")(CpuPlatform)


register()
