"""The cell that turns a stock ipykernel of another machine into one that behaves like the local ones.

It carries the very sources that run in the local ones.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_KERNELS = Path(__file__).resolve().parents[1]
_SENT = (
    "inside/capped_stream.py",
    "inside/cell_displays.py",
    "inside/cell_kernel.py",
    "inside/cell_traceback.py",
    "inside/display_budget.py",
    "inside/gateway_kernel.py",
    "inside/gateway_names.py",
    "inside/late_output.py",
    "inside/output_budget.py",
    "inside/packaging_magics.py",
    "inside/plain_shell.py",
    "inside/random_seed.py",
    "kernel_error.py",
    "workspace.py",
)
_MARKER = "REPLGYM_KERNEL"


def bootstrap_cell(output_limit: int, silence: float) -> str:
    """The source of the cell; it leaves no name behind.

    Args:
        output_limit: Characters of text output that a cell may send.
        silence: Seconds without a sign of life after which the kernel ends itself.
    """
    argument = {
        "output_limit": output_limit,
        "watcher": _source("inside/remote_watcher.py"),
        "marker": f"{_MARKER}={os.urandom(12).hex()}",
        "silence": silence,
    }
    sources = {Path(name).stem: _source(name) for name in _SENT}
    program = _source("inside/sent_modules.py")
    call = f"scope['bring']({sources!r}, 'gateway_kernel:install', {argument!r})"
    # Around a cell that awaits nothing, IPython puts functions of the streams aside and back again.
    return f"await (lambda scope: exec({program!r}, scope) or {call})({{'__name__': 'replgym'}})"


@cache
def _source(name: str) -> str:
    return (_KERNELS / name).read_text(encoding="utf-8")
