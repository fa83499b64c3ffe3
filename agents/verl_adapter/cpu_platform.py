"""verl's platform interface for machines without an accelerator.

verl asks Ray for a "GPU" per worker; on such a machine that resource is only declared, so the name
stays. Memory figures are those of the host.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from verl.plugin.platform import PlatformBase


def _host_memory() -> tuple[int, int]:
    """Free and total bytes of the host."""
    page = os.sysconf("SC_PAGE_SIZE")
    return page * os.sysconf("SC_AVPHYS_PAGES"), page * os.sysconf("SC_PHYS_PAGES")


class _CpuDevice:
    """What verl calls on `torch.cuda`, for the host; anything it measures there and the host has not is 0."""

    Event = torch.Event
    Stream = torch.Stream

    def is_available(self) -> bool:
        return True

    def current_device(self) -> str:
        return "cpu"

    def device_count(self) -> int:
        return 1

    def mem_get_info(self, *_: Any) -> tuple[int, int]:
        return _host_memory()

    def get_rng_state(self, *_: Any) -> torch.Tensor:
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor, *_: Any) -> None:
        torch.set_rng_state(state)

    def get_device_name(self, *_: Any) -> str:
        return "cpu"

    def get_device_properties(self, *_: Any) -> SimpleNamespace:
        return SimpleNamespace(name="cpu", total_memory=_host_memory()[1])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: 0


class CpuPlatform(PlatformBase):  # type: ignore[misc]
    """`VERL_PLATFORM=cpu`: gloo, one device, no streams."""

    device_name = property(lambda self: "cpu")
    vendor_name = property(lambda self: "cpu")
    device_module = property(lambda self: _CpuDevice())

    def is_available(self) -> bool:
        """True: there is always a CPU."""
        return True

    def is_platform_available(self, use_smi_check: bool = False) -> bool:
        """False: automatic detection must not prefer it to an accelerator; `VERL_PLATFORM=cpu` chooses it."""
        return False

    def current_device(self) -> str:
        """The torch device string."""
        return "cpu"

    def device_count(self) -> int:
        """One."""
        return 1

    def set_device(self, device_index: int) -> None:
        """Does nothing."""

    def synchronize(self, device_index: int | None = None) -> None:
        """Does nothing."""

    def manual_seed(self, seed: int) -> None:
        """Seeds torch."""
        torch.manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        """Seeds torch."""
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings: str) -> None:
        """Does nothing."""

    def empty_cache(self) -> None:
        """Does nothing."""

    def get_device_capability(self, device_index: int = 0) -> tuple[int | None, int | None]:
        """No capability."""
        return None, None

    def communication_backend_name(self) -> str:
        """Gloo."""
        return "gloo"

    def visible_devices_envvar(self) -> str:
        """The variable that Ray sets for the declared resource."""
        return "CUDA_VISIBLE_DEVICES"

    @contextlib.contextmanager
    def nvtx_range(self, msg: str) -> Iterator[None]:
        """Does nothing."""
        yield

    def profiler_start(self) -> None:
        """Does nothing."""

    def profiler_stop(self) -> None:
        """Does nothing."""

    def ray_resource_name(self) -> str:
        """The resource that a run without GPUs declares with `ray_init.num_gpus`."""
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        """None."""
        return []

    def ray_resource_options(self, num_gpus: float) -> dict[str, float]:
        """Ray options for one worker."""
        return {"num_gpus": num_gpus}

    def is_ipc_supported(self) -> bool:
        """False: weights travel by value."""
        return False

    def cudart(self) -> None:
        """None."""
