"""Who descends from whom, as the operating system tells it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_SWEEPS = 50


def descendants(pid: int) -> list[int]:
    """All living descendants of a process, parents first; empty where there is no /proc."""
    return [number for number, alive in _below(pid) if alive]


def kill_below(pid: int) -> None:
    """Kills all descendants of a child subreaper that is stopped, so that it neither forks nor collects.

    Processes move up while they are looked for: whoever is found dead has just left its children to the
    subreaper. Only when twice in a row the same dead were found and nobody else, nobody else is there.
    """
    dead: list[int] | None = None
    for _ in range(_SWEEPS):
        found = _below(pid)
        for number, _ in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        before, dead = dead, sorted(number for number, _ in found)
        if dead == before and not any(alive for _, alive in found):
            return


def _below(pid: int) -> list[tuple[int, bool]]:
    """The descendants of a process, parents first, and whether each is alive or waits to be collected."""
    children: dict[int, list[tuple[int, bool]]] = {}
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:
        return []
    for number in numbers:
        try:
            state, parent = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        children.setdefault(int(parent), []).append((number, state not in "ZX"))
    found: list[tuple[int, bool]] = []
    frontier = [pid]
    while frontier:
        below = [child for parent in frontier for child in children.get(parent, [])]
        found += below
        frontier = [number for number, _ in below]
    return found
