"""The `fork` engine as it runs inside the interpreter's process: a warm IPython shell on a socket."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import builtins
import contextlib
import importlib
import os
import sys
import tempfile
import warnings
from typing import Any

from .cell_loop import CellLoop
from .late_output import CellOutputs
from .log_shell import LogShell, configuration
from .output_budget import OutputBudget
from .random_seed import seed_random
from .settled_environment import settle_environment
from .shell_branches import ShellBranches
from .shell_kernel import ShellKernel
from .stem import adopt_orphans

_FIRST_FD = 3
_USED_BY_MANY = (
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "asyncio",
    "concurrent.futures.thread",
    "decimal",
    "faulthandler",
    "pdb",
    "tempfile",
)


class _Unheard:
    """The kernel of a shell that only warms up."""

    outputs = CellOutputs(OutputBudget(1 << 10))

    def show(self, *_: object) -> None:
        """Shows nothing."""

    def fail(self, *_: object) -> None:
        """Shows nothing."""


def warm(_: object) -> None:
    """Fills caches with the cells of one shell, and makes the one that every child finds ready."""
    for name in _USED_BY_MANY:
        with contextlib.suppress(ImportError):  # not every version has every module
            importlib.import_module(name)
    warnings.filterwarnings("ignore", message="To exit: use")
    sys.argv = ["python"]
    config = configuration()
    shell = LogShell.instance(config=config)
    shell.kernel = _Unheard()  # type: ignore[assignment]
    loop = CellLoop()
    shell.loop_runner = loop.run
    with (
        open(os.devnull, "w") as null,
        loop.as_running("await"),
        contextlib.redirect_stdout(null),
        contextlib.redirect_stderr(null),
    ):
        for code in ("print(1 + 1)\n2", "1 / 0", "import asyncio\nawait asyncio.sleep(0)", "%pwd", "1 +"):
            shell.run_cell(code, store_history=True)
    loop.forget()
    LogShell.clear_instance()
    for name in ("get_ipython", "display"):
        if hasattr(builtins, name):
            delattr(builtins, name)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
    fresh: Any = LogShell.instance(config=config)
    fresh.extension_manager.load_extension("storemagic")


def run(argument: dict[str, Any]) -> None:
    """Serves the shell until the host goes away.

    Args:
        argument: `output_limit`, `seed`, and under `branches` the fields of `ShellBranches`. The descriptors
            from 3 on are those of `ShellKernel`.
    """
    adopt_orphans(True)
    tempfile.tempdir = argument["branches"]["temporary"]  # without trying it out, which costs memory
    settle_environment()
    if argument["seed"] is not None:
        seed_random(argument["seed"])
    shell = LogShell.instance(config=configuration())
    files = (_FIRST_FD, _FIRST_FD + 1, _FIRST_FD + 2, _FIRST_FD + 3)
    branches = ShellBranches(**argument["branches"])
    ShellKernel(shell, argument["output_limit"], files, branches).serve()
