"""Forks of the trusted processes of a slot."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable


def fork(become: Callable[[], object]) -> int:
    """Forks a process that does one thing and never returns; the caller gets its number."""
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        become()
    except BaseException:  # noqa: BLE001 - the boundary of the process
        traceback.print_exc()
    finally:
        os._exit(1)
