"""Room for the files that live interpreters keep open in their host.

A shell's usual limit of 1024 open files is enough for about a hundred interpreters; the hard limit, which a
process may claim by itself, mostly for many thousands.
"""

from __future__ import annotations

import resource

_EACH = 24
"""Sockets, outputs, folders and process handles of an interpreter, of whichever back end."""
_REST = 512


def allow_open_files(kernels: int, others: int = 0) -> None:
    """Raises this process's own limit on open files to what it needs, or as near as the hard limit allows.

    Args:
        kernels: Interpreters alive at once.
        others: Further files, such as connections to an engine.
    """
    wanted = _REST + _EACH * kernels + others
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
