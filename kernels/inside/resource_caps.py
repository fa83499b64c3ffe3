"""Hard limits of a process and of each process that it starts."""

from __future__ import annotations

import resource


def limit_resources(*, memory: int, file_size: int, open_files: int, processes: int | None) -> None:
    """Sets the limits, or keeps what was already lower.

    Args:
        memory: Bytes of address space.
        file_size: Bytes of one file.
        open_files: Open descriptors.
        processes: Processes and threads of the user in its user namespace, whoever started them.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, file_size)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_CORE, 0)
    if processes is not None:
        _limit(resource.RLIMIT_NPROC, processes)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))
