"""The ipykernel as it runs inside the interpreter's process, forked or spawned.

It is the stock ipykernel with these changes: output is capped where it is made and keeps the order of stdout
and stderr, tracebacks show the cell's own frames, cells are called `<cell n>`, `exit()` ends the cell and not
the interpreter, whatever a cell's subprocesses wrote arrives before the cell is over, and what an earlier
cell's threads print says so.
"""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import builtins
import contextlib
import ctypes
import importlib
import json
import os
import resource
import sys
import warnings
from typing import Any

import IPython
from ipykernel.kernelapp import IPKernelApp
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .capped_stream import CappedStream
from .cell_kernel import CellKernel, CellKernelApp
from .settled_environment import settle_environment

_PR_SET_CHILD_SUBREAPER = 36
_USED_BY_EVERY_KERNEL = (
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "concurrent.futures.thread",
    "decimal",
    "faulthandler",
    "ipykernel.subshell_manager",
    "jupyter_client.session",
    "pdb",
    "tempfile",
    "tornado.platform.asyncio",
)


def _configuration() -> Config:
    config = Config()
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = False
    config.InteractiveShell.colors = "nocolor" if IPython.version_info[0] >= 9 else "NoColor"
    config.IPythonKernel.help_links = []
    config.IPKernelApp.log_level = 50
    return config


def run(argument: dict[str, Any]) -> None:
    """Runs a kernel until it is told to stop.

    Args:
        argument: `connection_file`, `output_limit` and, optional, `connection`: what to write into the file
            first, `ready_fd`: where to say that it listens, and `seed` of the random state.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Orphans stay below this process, where whoever kills it finds them.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ.pop(
        "PYTEST_CURRENT_TEST", None
    )  # ipykernel does not watch the descriptors 1 and 2 under pytest
    _leave_out_debugpy()
    sys.argv = ["python"]
    warnings.filterwarnings("ignore", message="To exit: use")
    if "connection" in argument:
        with open(argument["connection_file"], "x", opener=_private) as file:
            json.dump(argument["connection"], file)
    app = CellKernelApp.instance(config=_configuration())
    app.outstream_class = f"{CappedStream.__module__}.CappedStream"
    app.kernel_class = CellKernel
    app.output_limit = argument.get("output_limit", CellKernelApp.output_limit)
    app.connection_file = argument["connection_file"]
    app.initialize([])
    app.kernel.seed = argument.get("seed")
    settle_environment()
    if (ready := argument.get("ready_fd")) is not None:
        os.write(ready, b"+")
        os.close(ready)
    app.start()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _leave_out_debugpy() -> None:
    """No host here speaks its protocol, and it would cost every kernel more than a megabyte."""
    if "ipykernel.debugger" in sys.modules:
        return
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("ipykernel.debugger")
    finally:
        del sys.modules["debugpy"]


def warm(_: object) -> None:
    """Fills caches that every kernel needs: runs a cell, a print and an exception, makes an application."""
    _leave_out_debugpy()
    for name in _USED_BY_EVERY_KERNEL:
        with contextlib.suppress(ImportError):  # not every version has every module
            importlib.import_module(name)
    config = _configuration()
    shell = InteractiveShell.instance(config=config)
    with open(os.devnull, "w") as null, contextlib.redirect_stdout(null), contextlib.redirect_stderr(null):
        shell.run_cell("print(1 + 1)\n2", store_history=False)
        shell.run_cell("1 / 0", store_history=False)
    with contextlib.suppress(ZeroDivisionError):
        1 / 0  # noqa: B018
    InteractiveShell.clear_instance()
    for name in ("get_ipython", "display"):
        if hasattr(builtins, name):
            delattr(builtins, name)
    IPKernelApp(config=config)
