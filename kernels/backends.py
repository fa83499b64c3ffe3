"""The back ends by name. A new one is a class with three methods and a line in the registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .backend_options import BackendOptions
from .capabilities import Capabilities, Feature
from .containers.docker_backend import DockerBackend
from .gateway.gateway_backend import GatewayBackend
from .isolation.unconfined import unconfined
from .jupyter.confined_launcher import ConfinedLauncher
from .jupyter.jupyter_backend import JupyterBackend
from .jupyter.spawn_launcher import SpawnLauncher
from .kernel_backend import KernelBackend
from .kernel_error import UnknownBackendError
from .kernel_pool import KernelPool
from .shell.shell_backend import ShellBackend


def _docker(options: BackendOptions) -> KernelBackend:
    return DockerBackend(options)


def _jupyter(options: BackendOptions) -> KernelBackend:
    if sys.platform.startswith("linux"):
        launcher = ConfinedLauncher(options)
        return JupyterBackend("jupyter", launcher, options, launcher.server.capabilities)
    return _jupyter_spawn(options)


def _jupyter_spawn(options: BackendOptions) -> KernelBackend:
    async def promise(name: str, features: frozenset[Feature]) -> Capabilities:
        return unconfined(name, options.isolation, features)

    return JupyterBackend("jupyter-spawn", SpawnLauncher(), options, promise)


def _fork(options: BackendOptions) -> KernelBackend:
    return ShellBackend(options)


def _gateway(options: BackendOptions) -> KernelBackend:
    return GatewayBackend(options)


BACKENDS: Mapping[str, Callable[[BackendOptions], KernelBackend]] = MappingProxyType(
    {
        "docker": _docker,
        "fork": _fork,
        "gateway": _gateway,
        "jupyter": _jupyter,
        "jupyter-spawn": _jupyter_spawn,
    }
)


def make_backend(name: str, options: BackendOptions | None = None) -> KernelBackend:
    """Makes a back end by name; nothing starts yet.

    Raises:
        UnknownBackendError: If there is no such back end.
    """
    if name not in BACKENDS:
        raise UnknownBackendError(f"unknown back end {name!r}; choose one of {', '.join(sorted(BACKENDS))}")
    return BACKENDS[name](options or BackendOptions())


def make_kernel_pool(backend: str = "jupyter", *, size: int = 8, warm: int = 2, **options: Any) -> KernelPool:
    """Makes a pool of the named back end's kernels; nothing starts before the first `acquire`.

    Args:
        backend: A name in `BACKENDS`: `jupyter` forks real ipykernels from a warm process on Linux and spawns
            them elsewhere; `jupyter-spawn` always spawns; `gateway` has a Jupyter server run them.
        size: The most kernels alive at once.
        warm: Kernels started ahead of demand.
        **options: Fields of `BackendOptions`.

    Raises:
        UnknownBackendError: If there is no such back end.
        BackendOptionsError: If an option is not allowed.
    """
    return pool_of(make_backend(backend, BackendOptions(**options)), size=size, warm=warm)


def pool_of(backend: KernelBackend, *, size: int, warm: int) -> KernelPool:
    """Makes a pool that owns a back end and closes it with itself."""
    return KernelPool(
        backend.start_kernel,
        size=size,
        warm=warm,
        capabilities=backend.capabilities,
        on_close=backend.close,
    )
