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


class UnknownBackendError(ValueError):
    """No back end has this name."""
