"""Interpreters: stateful Python kernels, their pool, and the back ends that make them."""

from .backend_options import BackendOptions, BackendOptionsError, Isolation
from .backends import BACKENDS, make_backend, make_kernel_pool
from .capabilities import Capabilities, Feature, IsolationLevel, Protection
from .cell_result import CellError, CellOutput, CellResult, CellStatus, OutputKind
from .duration_record import Durations
from .forking.fork_server import ForkServer
from .forking.forked_child import ForkedChild
from .kernel import Kernel
from .kernel_backend import KernelBackend
from .kernel_error import (
    ForkRefusedError,
    ForkServerError,
    IsolationError,
    KernelClosedError,
    KernelError,
    KernelStartError,
    PoolSaturatedError,
    UnknownBackendError,
    UnsupportedError,
    WorkspaceError,
)
from .kernel_pool import KernelPool
from .kernel_source import KernelSource
from .pool_metrics import PoolMetrics
from .pool_stats import PoolStats
from .resource_limits import ResourceLimits
from .supervised_kernel import SupervisedKernel

__all__ = [
    "BACKENDS",
    "BackendOptions",
    "BackendOptionsError",
    "Capabilities",
    "CellError",
    "CellOutput",
    "CellResult",
    "CellStatus",
    "Durations",
    "Feature",
    "ForkRefusedError",
    "ForkServer",
    "ForkServerError",
    "ForkedChild",
    "Isolation",
    "IsolationError",
    "IsolationLevel",
    "Kernel",
    "KernelBackend",
    "KernelClosedError",
    "KernelError",
    "KernelPool",
    "KernelSource",
    "KernelStartError",
    "OutputKind",
    "PoolMetrics",
    "PoolSaturatedError",
    "PoolStats",
    "Protection",
    "ResourceLimits",
    "SupervisedKernel",
    "UnknownBackendError",
    "UnsupportedError",
    "WorkspaceError",
    "make_backend",
    "make_kernel_pool",
]
