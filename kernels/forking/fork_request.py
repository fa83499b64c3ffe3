"""How a fork is asked for: what `ForkServer` sends to its process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..inside import fork_server_main
from ..kernel_error import ForkServerError


def fork_request(
    target: str,
    argument: object,
    stdio: list[int],
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The part that all requests to fork share."""
    return {
        "op": "fork",
        "target": target,
        "argument": argument,
        "stdio": stdio,
        "cwd": None if cwd is None else os.fspath(cwd),
        "env": dict(env or {}),
    }


def with_stdio(fds: Sequence[int], stdout: int | None, stderr: int | None) -> tuple[list[int], list[int]]:
    """Appends the standard streams to the descriptors and says at which index each stands.

    Raises:
        ForkServerError: If there are too many.
    """
    passed = list(fds)
    places = []
    for fd in (stdout, stderr):
        if fd is not None:
            passed.append(fd)
        places.append(len(passed) - 1 if fd is not None else -1)
    if len(passed) > fork_server_main.MAX_FDS:
        raise ForkServerError(
            f"{len(passed)} descriptors given; at most {fork_server_main.MAX_FDS} can be passed"
        )
    return passed, [-1, *places]
