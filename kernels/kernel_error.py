"""What can go wrong with the machinery of interpreters, as opposed to the code that runs in them."""

from __future__ import annotations


class KernelError(RuntimeError):
    """Any failure of an interpreter's machinery."""


class KernelStartError(KernelError):
    """An interpreter could not be started."""


class ForkServerError(KernelStartError):
    """The fork server is dead, late or refused a request."""


class KernelClosedError(KernelError):
    """The kernel, or the pool that owns it, was closed."""


class PoolSaturatedError(KernelError):
    """No kernel came free within the time that the caller allowed."""


class UnsupportedError(KernelError, NotImplementedError):
    """The back end cannot do this at all; its capabilities say so."""


class ForkRefusedError(KernelError):
    """A live interpreter holds something that a copy could not share, such as threads or connections."""


class WorkspaceError(KernelError):
    """A file cannot be moved into or out of an interpreter."""


class IsolationError(KernelStartError):
    """The isolation that was asked for cannot be had on this machine."""


class UnknownBackendError(ValueError):
    """No back end has this name."""
