"""The cell that turns a stock ipykernel of another machine into one that behaves like the local ones.

It carries the very sources that run in the local ones.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

_KERNELS = Path(__file__).resolve().parents[1]
_ENTRY = "gateway_kernel"
_IMPORT = re.compile(r"^ *from \.(\w+) import ", re.MULTILINE)
_MARKER = "REPLGYM_KERNEL"


def bootstrap_cell(output_limit: int, seed: int | None, silence: float) -> str:
    """The source of the cell; it leaves no name behind.

    Args:
        output_limit: Characters of text output that a cell may send.
        seed: The random state in which the interpreter starts.
        silence: Seconds without a sign of life after which the kernel ends itself.
    """
    argument = {
        "output_limit": output_limit,
        "seed": seed,
        "watcher": _source("remote_watcher"),
        "marker": f"{_MARKER}={os.urandom(12).hex()}",
        "silence": silence,
    }
    program = _source("sent_modules")
    call = f"scope['bring']({_sources()!r}, '{_ENTRY}:install', {argument!r})"
    # Around a cell that awaits nothing, IPython puts functions of the streams aside and back again.
    return f"await (lambda scope: exec({program!r}, scope) or {call})({{'__name__': 'replgym'}})"


@cache
def _sources() -> dict[str, str]:
    """The entry and all that it imports, by name."""
    found: dict[str, str] = {}
    wanted = [_ENTRY]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _source(name)
            wanted += _IMPORT.findall(found[name])
    return found


def _source(name: str) -> str:
    inside = _KERNELS / "inside" / f"{name}.py"
    return (inside if inside.exists() else _KERNELS / f"{name}.py").read_text(encoding="utf-8")
