"""The `fork` engine as it runs inside the interpreter's process: a warm IPython shell on a socket."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import builtins
import contextlib
import getpass
import importlib
import os
import signal
import socket
import sys
import tempfile
import warnings
from typing import Any

from .log_shell import LogShell, configuration
from .random_seed import seed_random
from .settled_environment import settle_habits
from .shell_branches import ShellBranches
from .shell_channel import frame
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


_REPLACED = (
    (sys, "stdout"),
    (sys, "stderr"),
    (sys, "breakpointhook"),
    (builtins, "input"),
    (getpass, "getpass"),
)
_REHEARSED = (
    "import math\nroots = [math.sqrt(i) for i in range(3)]",
    "print(1 + 1)\n2",
    "def half(x):\n    return x / 2\nhalf({'a': 1})",
    "'text', [1.5, None], {'a': (1,)}",
    "1 +",
    "import asyncio\nawait asyncio.sleep(0)",
    "%pwd",
)
_TIMES = 20
"""After so many runs Python has fitted its own code to what it does here."""


def warm(_: object) -> None:
    """Plays an episode in one shell, which fills caches, and makes the shell that every child finds ready."""
    for name in _USED_BY_MANY:
        with contextlib.suppress(ImportError):  # not every version has every module
            importlib.import_module(name)
    warnings.filterwarnings("ignore", message="To exit: use")
    sys.argv = ["python"]
    config = configuration()
    _rehearse(ShellKernel(LogShell.instance(config=config)))
    LogShell.clear_instance()
    for name in ("get_ipython", "display"):
        if hasattr(builtins, name):
            delattr(builtins, name)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
    fresh: Any = LogShell.instance(config=config)
    fresh.extension_manager.load_extension("storemagic")
    fresh.display_formatter.format(object())  # makes a dozen of formatters
    ShellKernel(fresh)
    settle_habits()
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"


def _rehearse(kernel: ShellKernel) -> None:
    """Has the kernel serve a host who has said all that he has to say, and leave no trace of itself."""
    before = [(where, name, getattr(where, name)) for where, name in _REPLACED]
    ours, theirs = socket.socketpair()
    files = [os.memfd_create(name) for name in ("log", "stdout", "stderr")]
    with ours:
        for number, code in enumerate(_TIMES * _REHEARSED):
            ours.sendall(frame({"op": "run", "id": str(number), "code": code, "silent": False}))
        ours.shutdown(socket.SHUT_WR)
        try:
            kernel.serve((theirs.detach(), files[0], files[1], files[2]), 1 << 10, ShellBranches())
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for where, name, value in before:
                setattr(where, name, value)
    kernel.close()


def run(argument: dict[str, Any]) -> None:
    """Serves the shell until the host goes away.

    Args:
        argument: `output_limit`, `seed`, and under `branches` the fields of `ShellBranches`. The descriptors
            from 3 on are those of `ShellKernel`.
    """
    adopt_orphans(True)
    tempfile.tempdir = argument["branches"]["temporary"]  # without trying it out, which costs memory
    if argument["seed"] is not None:
        seed_random(argument["seed"])
    files = (_FIRST_FD, _FIRST_FD + 1, _FIRST_FD + 2, _FIRST_FD + 3)
    branches = ShellBranches(**argument["branches"])
    kernel = LogShell.instance().kernel
    os.register_at_fork(after_in_child=kernel.disown)
    kernel.serve(files, argument["output_limit"], branches)
