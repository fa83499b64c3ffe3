"""Interpreters: stateful Python kernels, their pool, and the back ends that make them."""

from .backends import BACKENDS, BackendOptions, KernelBackend, make_kernel_pool
from .cell_result import CellError, CellOutput, CellResult, CellStatus, OutputKind
from .fork_launcher import ForkLauncher
from .fork_server import ForkServer
from .forked_child import ForkedChild
from .jupyter_kernel import JupyterKernel
from .kernel import Kernel
from .kernel_error import (
    ForkServerError,
    KernelClosedError,
    KernelError,
    KernelStartError,
    PoolSaturatedError,
    UnknownBackendError,
)
from .kernel_pool import KernelPool
from .launcher import Launcher
from .pool_stats import PoolStats
from .spawn_launcher import SpawnLauncher

__all__ = [
    "BACKENDS",
    "BackendOptions",
    "CellError",
    "CellOutput",
    "CellResult",
    "CellStatus",
    "ForkLauncher",
    "ForkServer",
    "ForkServerError",
    "ForkedChild",
    "JupyterKernel",
    "Kernel",
    "KernelBackend",
    "KernelClosedError",
    "KernelError",
    "KernelPool",
    "KernelStartError",
    "Launcher",
    "OutputKind",
    "PoolSaturatedError",
    "PoolStats",
    "SpawnLauncher",
    "UnknownBackendError",
    "make_kernel_pool",
]
