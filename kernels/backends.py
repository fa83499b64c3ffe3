"""The back ends by name. A new one is a class with two methods and a line in the registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from .fork_launcher import ForkLauncher
from .jupyter_kernel import JupyterKernel
from .kernel import Kernel
from .kernel_error import UnknownBackendError
from .kernel_pool import KernelPool
from .launcher import Launcher
from .spawn_launcher import SpawnLauncher


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """What every back end is told."""

    setup: str = ""
    """Code that runs silently in every fresh interpreter."""
    output_limit: int = 1 << 16
    """Characters of text output that are kept of a cell."""
    preload: tuple[str, ...] = ()
    """Modules that are worth importing ahead, where the back end can."""


class KernelBackend(Protocol):
    """Starts kernels and owns what they share."""

    async def start_kernel(self) -> Kernel:
        """Starts one kernel."""
        ...

    async def close(self) -> None:
        """Ends what the kernels share; idempotent."""
        ...


class JupyterBackend:
    """Real ipykernels on this machine."""

    def __init__(self, launcher: Launcher, options: BackendOptions) -> None:
        self._launcher = launcher
        self._options = options

    async def start_kernel(self) -> Kernel:
        """Starts one ipykernel."""
        return await JupyterKernel.start(
            self._launcher, setup=self._options.setup, output_limit=self._options.output_limit
        )

    async def close(self) -> None:
        """Closes the launcher."""
        await self._launcher.close()


def _jupyter(options: BackendOptions) -> KernelBackend:
    if sys.platform.startswith("linux"):
        return JupyterBackend(ForkLauncher(options.preload), options)
    return _jupyter_spawn(options)


def _jupyter_spawn(options: BackendOptions) -> KernelBackend:
    return JupyterBackend(SpawnLauncher(), options)


BACKENDS: Mapping[str, Callable[[BackendOptions], KernelBackend]] = MappingProxyType(
    {"jupyter": _jupyter, "jupyter-spawn": _jupyter_spawn}
)


def make_kernel_pool(
    backend: str = "jupyter",
    *,
    size: int = 8,
    warm: int = 2,
    setup: str = "",
    output_limit: int = 1 << 16,
    preload: Sequence[str] = (),
) -> KernelPool:
    """Makes a pool of the named back end's kernels; nothing starts before the first `acquire`.

    Args:
        backend: A name in `BACKENDS`: `jupyter` forks real ipykernels from a warm process on Linux and spawns
            them elsewhere; `jupyter-spawn` always spawns.
        size: The most kernels alive at once.
        warm: Kernels started ahead of demand.
        setup: Code that runs silently in every fresh interpreter.
        output_limit: Characters of text output that are kept of a cell.
        preload: Modules that are worth importing ahead, such as `numpy`.

    Raises:
        UnknownBackendError: If there is no such back end.
    """
    if backend not in BACKENDS:
        raise UnknownBackendError(
            f"unknown back end {backend!r}; choose one of {', '.join(sorted(BACKENDS))}"
        )
    options = BackendOptions(setup, output_limit, tuple(preload))
    made = BACKENDS[backend](options)
    return KernelPool(made.start_kernel, size=size, warm=warm, on_close=made.close)
