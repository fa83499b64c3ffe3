"""Gives a live, stock ipykernel the promises of `kernel_process`, a folder of its own, and a watcher.

The objects of the kernel stay and change their class: whoever holds one of them, holds the changed one.
"""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import base64
import codecs
import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import IPython
from ipykernel.iostream import OutStream
from IPython.core.page import as_hook, display_page

from .capped_stream import CappedStream
from .cell_displays import CellDisplayHook, CellDisplayPublisher
from .cell_kernel import CellKernel, CellShell
from .gateway_names import CHUNK, FILE_REPLY, FILE_REQUEST, PING
from .late_output import CellOutputs
from .output_budget import OutputBudget
from .plain_shell import CellCompiler
from .settled_environment import settle_environment

if TYPE_CHECKING:
    from ..kernel_error import WorkspaceError
    from ..workspace import Workspace
else:  # sent along with the files of this folder
    from .kernel_error import WorkspaceError
    from .workspace import Workspace

_PR_SET_CHILD_SUBREAPER = 36


class RemoteFiles:
    """Moves files in pieces, since servers cap what one message may carry."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._incoming = bytearray()
        self._outgoing = b""

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Does one step: takes a piece, or gives the next."""
        try:
            if request["op"] == "write":
                return self._write(request)
            if request["op"] == "read":
                self._outgoing = self._workspace.read(request["path"], request["limit"])
            piece, self._outgoing = self._outgoing[:CHUNK], self._outgoing[CHUNK:]
            return {"data": base64.b64encode(piece).decode(), "more": bool(self._outgoing)}
        except WorkspaceError as error:
            return {"error": str(error)}

    def _write(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["first"]:
            self._incoming.clear()
        self._incoming += base64.b64decode(request["data"])
        if request["last"]:
            data = bytes(self._incoming)
            self._incoming.clear()
            self._workspace.write(request["path"], data)
        return {}


class Watched:
    """The kernel's end of the pipe to its watcher."""

    def __init__(self, argument: Mapping[str, Any], folder: str) -> None:
        # The kernel's own marker comes after: the watcher must not carry it.
        command = [sys.executable, "-I", "-S", "-c", argument["watcher"], str(os.getpid())]
        self._process = subprocess.Popen(
            [*command, folder, argument["marker"], str(argument["silence"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            bufsize=0,
        )
        name, _, value = argument["marker"].partition("=")
        os.environ[name] = value

    def say(self, word: bytes) -> None:
        """Hands on a sign of the owner; a kernel without a watcher does not live on."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word)
        except OSError:
            os.kill(os.getpid(), signal.SIGKILL)


def install(argument: dict[str, Any]) -> None:
    """Changes this kernel.

    Args:
        argument: `output_limit`, `seed`, `watcher` (a program), `marker` (`NAME=value`) and `silence`
            (seconds).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = tempfile.mkdtemp(prefix="replgym-")
    watched = Watched(argument, folder)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    work = os.path.join(folder, "work")
    os.mkdir(work)
    os.chdir(work)
    os.environ.update(HOME=work, TMPDIR=folder)
    tempfile.tempdir = None
    settle_environment()
    sys.breakpointhook = sys.__breakpointhook__  # debugpy's waits for a client that never comes
    shell: Any = IPython.get_ipython()
    outputs = CellOutputs(OutputBudget(argument["output_limit"]))
    _change_shell(shell)
    _change_kernel(shell.kernel, outputs, argument["seed"])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, OutStream):
            _change_stream(stream, outputs)
    _add_handlers(shell.kernel, watched, RemoteFiles(Workspace(Path(work))))


def _change_shell(shell: Any) -> None:
    warnings.filterwarnings("ignore", message="To exit: use")
    shell.__class__ = CellShell
    shell.set_hook("show_in_pager", as_hook(display_page), 0)
    shell.display_pub.__class__ = CellDisplayPublisher
    shell.displayhook.__class__ = CellDisplayHook
    shell.compiler_class = CellCompiler
    shell.compile = CellCompiler()
    shell.colors = "nocolor" if IPython.version_info[0] >= 9 else "NoColor"
    shell.history_manager.enabled = False
    shell.Completer.use_jedi = False


def _change_kernel(kernel: Any, outputs: CellOutputs, seed: int | None) -> None:
    kernel.__class__ = CellKernel
    kernel.outputs = outputs
    kernel.seed = seed
    kernel.wake_on_signals()


def _change_stream(stream: Any, outputs: CellOutputs) -> None:
    """Stops the thread that reads the descriptor, and starts it again with the new class."""
    watching = stream._should_watch
    if watching:
        stream._should_watch = False
        os.write(stream._original_stdstream_fd, b"\0")
        stream.watch_fd_thread.join()
    stream._pipe_lock = threading.RLock()
    stream._decoder = codecs.getincrementaldecoder("utf-8")("replace")
    stream.__class__ = CappedStream
    stream.join(outputs)
    if watching:
        stream._should_watch = True
        stream.watch_fd_thread = threading.Thread(target=stream._watch_pipe_fd, daemon=True)
        stream.watch_fd_thread.start()


def _add_handlers(kernel: Any, watched: Watched, files: RemoteFiles) -> None:
    """Listens on the control channel, which has a thread of its own: it answers while a cell runs."""

    def ping(stream: Any, ident: Any, message: Any) -> None:
        watched.say(b"+")

    def shutdown(stream: Any, ident: Any, message: Any) -> None:
        watched.say(b"q")

    def file(stream: Any, ident: Any, message: Any) -> None:
        kernel.session.send(stream, FILE_REPLY, files.answer(message["content"]), message, ident)

    kernel.control_handlers.update({PING: ping, FILE_REQUEST: file, "shutdown_request": shutdown})
