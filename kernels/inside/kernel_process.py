"""The ipykernel as it runs inside the interpreter's process, forked or spawned.

It is the stock ipykernel with five changes: output is capped where it is made and keeps the order of stdout
and stderr, tracebacks show the cell's own frames, cells are called `<cell n>`, `exit()` ends the cell and not
the interpreter, and whatever a cell's subprocesses wrote arrives before the cell is over.

The file stands alone and imports nothing of this project, since it is in the hands of the code that it runs.
"""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import builtins
import codecs
import contextlib
import ctypes
import fcntl
import importlib
import os
import resource
import select
import signal
import struct
import sys
import termios
import threading
import traceback
import warnings
from collections import deque
from types import TracebackType
from typing import Any

import IPython
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

CUT_KEY = "replgym_cut"
_SETUP = "<setup>"
_PR_SET_CHILD_SUBREAPER = 36
_USED_BY_EVERY_KERNEL = (
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "concurrent.futures.thread",
    "decimal",
    "faulthandler",
    "ipykernel.debugger",
    "ipykernel.subshell_manager",
    "jupyter_client.session",
    "pdb",
    "tempfile",
    "tornado.platform.asyncio",
)
_DRAIN_ROUNDS = 1000


class OutputBudget:
    """How much the streams may still send in this cell: a head at once, and a tail when the cell ends."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._lock = threading.RLock()
        self._tail: deque[tuple[CappedStream, str]] = deque()
        self._last: CappedStream | None = None
        self.renew()

    def renew(self) -> None:
        """Starts a new cell."""
        with self._lock:
            self._head_left = self._half
            self._tail.clear()
            self._tail_size = 0
            self.cut = 0

    def write(self, stream: CappedStream, text: str) -> None:
        """Sends what fits into the head and keeps the end of the rest."""
        with self._lock:
            head, rest = text[: self._head_left], text[self._head_left :]
            if head:
                self._head_left -= len(head)
                self._send(stream, head)
            if rest:
                self._keep(stream, rest)

    def finish(self) -> None:
        """Sends the tail."""
        with self._lock:
            while self._tail:
                self._send(*self._tail.popleft())
            self._tail_size = 0

    def _send(self, stream: CappedStream, text: str) -> None:
        if self._last is not None and self._last is not stream:
            self._last.flush()
        self._last = stream
        stream.send(text)

    def _keep(self, stream: CappedStream, text: str) -> None:
        kept = text[-self._half :]
        self.cut += len(text) - len(kept)
        self._tail.append((stream, kept))
        self._tail_size += len(kept)
        while self._tail_size > self._half:
            first, oldest = self._tail.popleft()
            excess = min(self._tail_size - self._half, len(oldest))
            self.cut += excess
            self._tail_size -= excess
            if excess < len(oldest):
                self._tail.appendleft((first, oldest[excess:]))


class CappedStream(OutStream):
    """A standard stream that spends from the cell's output budget.

    What subprocesses and C code write to the descriptor is read under a lock together with its hand-over, so
    that `drain` can promise that nothing is left behind.
    """

    budget: OutputBudget | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._pipe_lock = threading.RLock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        super().__init__(*args, **kwargs)

    def write(self, string: str) -> int:
        """Writes text, as far as the budget goes, after what a subprocess wrote before it."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.budget is None or not self._is_master_process():
            self.send(string)
        else:
            self.drain()
            self.budget.write(self, string)
        return len(string)

    def send(self, text: str) -> None:
        """Writes past the budget."""
        super().write(encodable(text))

    def drain(self) -> None:
        """Takes over what waits in the pipe behind the descriptor."""
        # The bound is for a process that never stops writing.
        for _ in range(_DRAIN_ROUNDS):
            if not self._take_from_pipe():
                return

    def _take_from_pipe(self) -> bool:
        if self._fid is None:
            return False
        with self._pipe_lock:
            waiting = fcntl.ioctl(self._fid, termios.FIONREAD, b"\0\0\0\0")
            if struct.unpack("i", waiting)[0] == 0:
                return False
            text = self._decoder.decode(os.read(self._fid, 1 << 16))
            if self.budget is None:
                self.send(text)
            else:
                self.budget.write(self, text)
        return True

    def _watch_pipe_fd(self) -> None:
        """Runs in ipykernel's thread for the descriptor."""
        poll = select.poll()
        assert self._fid is not None
        poll.register(self._fid, select.POLLIN)
        while self._should_watch:
            poll.poll()
            self._take_from_pipe()


class CellCompiler(XCachingCompiler):
    """Names code after its cell, so that no path of the host shows."""

    silent = False

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """The file name under which a cell is compiled."""
        return _SETUP if self.silent else f"<cell {number}>"


class CellShell(ZMQInteractiveShell):
    """A shell that shows plain tracebacks of the cell's own frames."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "compiler_class": CellCompiler})

    def showtraceback(
        self,
        exc_tuple: tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
        *_: Any,
        **__: Any,
    ) -> None:
        """Reports the current exception."""
        kind, value, trace = self._get_exc_info(exc_tuple)
        self._showtraceback(kind, _Printable(value), [format_traceback(kind, value, trace)])

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Reports the current syntax error."""
        self.showtraceback()

    def ask_exit(self) -> None:
        """Ends the cell, as it would end a script; the interpreter lives on."""
        raise SystemExit(0)


class _Printable:
    """An exception's value whose `str` cannot raise."""

    def __init__(self, value: BaseException) -> None:
        self._value = value

    def __str__(self) -> str:
        return printable(self._value)


def encodable(text: str) -> str:
    """The text, with lone surrogates escaped, which no message can carry."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(value: BaseException) -> str:
    """The text of an exception, whatever its `__str__` does."""
    try:
        return encodable(str(value))
    except Exception:  # noqa: BLE001 - foreign code behind str()
        return "<the exception has no printable value>"


def format_traceback(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> str:
    """Formats an exception and its causes with the frames of cells and of files in the working folder."""
    report = traceback.TracebackException(kind, value, trace, compact=True)
    _trim(report, f"{os.getcwd()}{os.sep}")
    return encodable("".join(report.format()))


def _trim(report: traceback.TracebackException, folder: str) -> None:
    kept = []
    for frame in report.stack:
        if frame.filename.startswith("<cell "):
            kept.append(frame)
        elif frame.filename.startswith(folder):
            frame.filename = frame.filename.removeprefix(folder)
            kept.append(frame)
    report.stack = traceback.StackSummary.from_list(kept)
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        if other is not None:
            _trim(other, folder)


class CellKernel(IPythonKernel):
    """The kernel whose cells keep the promises above."""

    shell_class = Type(CellShell)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.budget: OutputBudget | None = None

    def start(self) -> None:
        """Starts the kernel, and lets signals wake a loop that sleeps in an awaiting cell."""
        super().start()
        # asyncio listens for signals from the first handler on; ipykernel alone would notice SIGINT too late.
        loop: Any = self.io_loop
        loop.asyncio_loop.add_signal_handler(signal.SIGWINCH, lambda: None)

    async def do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Runs a cell and hands over all of its output before the reply."""
        if self.budget is not None:
            self.budget.renew()
        assert self.shell is not None
        self.shell.compile.silent = silent
        try:
            reply: dict[str, Any] = await super().do_execute(code, silent, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - an exception with a broken __str__ must not cost the reply
            reply = {
                "status": "error",
                "ename": type(error).__name__,
                "evalue": printable(error),
                "traceback": [],
                "execution_count": self.execution_count,
                "user_expressions": {},
                "payload": [],
            }
        if "evalue" in reply:
            reply["evalue"] = encodable(reply["evalue"])
        self._hand_over()
        return reply

    def finish_metadata(self, parent: Any, metadata: dict[str, Any], reply_content: Any) -> dict[str, Any]:
        """Says how many characters the budget cut."""
        metadata = super().finish_metadata(parent, metadata, reply_content)
        if self.budget is not None:
            metadata[CUT_KEY] = self.budget.cut
        return metadata

    def _input_request(self, *args: Any, **kwargs: Any) -> str:
        """Asks for input; the second `busy` is a fence behind which all earlier output has arrived."""
        self._hand_over()
        sys.stdout.flush()
        sys.stderr.flush()
        self._publish_status("busy", "shell")
        if self.budget is not None:
            self.budget.renew()
        answer: str = super()._input_request(*args, **kwargs)
        return answer

    def _hand_over(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, CappedStream):
                stream.drain()
        if self.budget is not None:
            self.budget.finish()


class CellKernelApp(IPKernelApp):
    """The application around the kernel; tells its host through a descriptor when it listens."""

    output_limit = 1 << 16

    def init_io(self) -> None:
        """Puts both streams on one budget."""
        super().init_io()
        self.budget = OutputBudget(self.output_limit)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, CappedStream):
                stream.budget = self.budget

    def init_kernel(self) -> None:
        """Gives the kernel the budget."""
        super().init_kernel()
        self.kernel.budget = self.budget


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
        argument: `connection_file`, `output_limit` and, optional, `ready_fd`: where to say that it listens.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Orphans stay below this process, where whoever kills it finds them.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ.pop(
        "PYTEST_CURRENT_TEST", None
    )  # ipykernel does not watch the descriptors 1 and 2 under pytest
    sys.argv = ["python"]
    warnings.filterwarnings("ignore", message="To exit: use")
    app = CellKernelApp.instance(config=_configuration())
    app.outstream_class = f"{__name__}.CappedStream"
    app.kernel_class = CellKernel
    app.output_limit = argument.get("output_limit", CellKernelApp.output_limit)
    app.initialize(["-f", argument["connection_file"]])
    if (ready := argument.get("ready_fd")) is not None:
        os.write(ready, b"+")
        os.close(ready)
    app.start()


def warm(_: object) -> None:
    """Fills caches that every kernel needs: runs a cell, a print and an exception, parses a command line."""
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
    IPKernelApp(config=config).parse_command_line(["-f", "unused"])


if __name__ == "__main__":
    import json

    run(json.loads(sys.argv[1]))
