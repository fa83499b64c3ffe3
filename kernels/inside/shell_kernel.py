"""One IPython shell, served over a socket: requests to run cells in, and frames that say when they end.

What a cell shows goes to an output log in memory. There is no thread, so the process can be forked at any
time between two cells. The fork server makes the kernel, since each page that a forked process need not write
to saves it time and memory; the process begins with `serve`.
"""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import builtins
import getpass
import os
import signal
import sys
import threading
from typing import Any

from IPython.core.debugger import set_trace
from IPython.core.error import StdinNotImplementedError

from .cell_loop import CellLoop
from .cell_traceback import encodable, printable
from .late_output import CellOutputs
from .log_shell import LogShell
from .log_stream import LogStream
from .output_budget import OutputBudget
from .output_log import OutputLog
from .shell_branches import ShellBranches
from .shell_channel import ShellChannel

_PROMPT_LIMIT = (1 << 20) + 100


class ShellKernel:
    """The process around the shell; to cells it is `get_ipython().kernel`.

    Args:
        shell: A shell that has run no cell yet.
    """

    channel: ShellChannel
    _branches: ShellBranches

    def __init__(self, shell: LogShell) -> None:
        self.shell = shell
        self.loop = CellLoop()
        self.log = OutputLog()
        self.outputs = CellOutputs(OutputBudget(0))
        out, err = self.streams = (
            LogStream("stdout", 1, self.log, self.outputs),
            LogStream("stderr", 2, self.log, self.outputs),
        )
        out.sibling, err.sibling = err, out
        self.outputs.streams = [out, err]
        self._cell = ""
        self._silent = False
        self._questions = 0
        self._gave_up = False
        self._cut_told = 0
        self._is_own = True
        shell.kernel = self
        shell.loop_runner = self.loop.run

    def serve(self, files: tuple[int, int, int, int], output_limit: int, branches: ShellBranches) -> None:
        """Runs cells until the host goes away.

        Args:
            files: The descriptors of the socket, the log, and the files behind the descriptors 1 and 2.
            output_limit: Characters of text that one cell may show.
            branches: How it is copied.
        """
        self._branches = branches
        self.outputs.set_limit(output_limit)
        self._take(files)
        self._install()
        signal.signal(signal.SIGINT, _ignore)
        self.channel.send({"hello": self._branches.path})
        while True:
            if not self.channel.has_more:
                self.loop.run_until_readable(self.channel.fileno())
            try:
                request, descriptors = self.channel.receive()
            except EOFError:
                return
            if request["op"] == "run":
                self._branches.outdate()
                self._run(request)
            elif request["op"] == "fork":
                self._branches.fork(self, request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)

    def disown(self) -> None:
        """This is a process that a cell forked."""
        self._is_own = False
        for stream in self.streams:
            stream.disown()

    def close(self) -> None:
        """Lets go of the descriptors."""
        self.loop.forget()
        for descriptor in self.descriptors():
            os.close(descriptor)
        self.channel.forget()

    def descriptors(self) -> set[int]:
        """The descriptors that are the kernel's own."""
        streams = {stream.file for stream in self.streams}
        return {self.channel.fileno(), self.log.fd} | streams | self.loop.descriptors()

    def move(self, files: tuple[int, int, int, int]) -> None:
        """Goes on in a forked process, with a host, a log and descriptors of its own."""
        old = (self.log.fd, *(stream.file for stream in self.streams))
        self.channel.forget()
        self._take(files)
        for stream in self.streams:
            os.dup2(stream.file, stream.number)
        for descriptor in old:
            os.close(descriptor)
        self.loop.forget()
        self._is_own = True

    def show(self, kind: str, bundle: dict[str, str]) -> None:
        """Shows a result or a display, after what subprocesses have written so far."""
        if self._is_own:
            self._drain()
            self.log.bundle(kind, bundle)
        elif "text/plain" in bundle:
            self.streams[0].write(bundle["text/plain"] + "\n")

    def clear_shown(self, *, wait: bool) -> None:
        """Drops what was shown."""
        if self._is_own:
            self._drain()
            self._hand_over()
            self.outputs.budget.renew()
            self._cut_told = self.outputs.cut
            self.log.clear(wait=wait)

    def fail(self, name: str, value: str, traceback: str) -> None:
        """Shows an exception."""
        if self._is_own:
            self._drain()
            self.log.error(name, value, traceback)
        else:
            self.streams[1].write(traceback)

    def raw_input(self, prompt: object = "") -> str:
        """Asks the host for a line."""
        return self._ask(str(prompt))

    def getpass(self, prompt: object = "Password: ", stream: object = None) -> str:
        """Asks the host for a line."""
        return self._ask(str(prompt))

    def _take(self, files: tuple[int, int, int, int]) -> None:
        control, log, out, err = files
        self.channel = ShellChannel(control)
        self.log.move(log)
        for stream, file in zip(self.streams, (out, err), strict=True):
            stream.move(file)

    def _install(self) -> None:
        """Puts the kernel's own streams and questions where cells look for them."""
        sys.stdout, sys.stderr = self.streams
        builtins.input = self.raw_input
        getpass.getpass = self.getpass
        sys.breakpointhook = set_trace

    def _run(self, request: dict[str, Any]) -> None:
        self._cell, self._silent = request["id"], request["silent"]
        failed = True
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            failed = self._run_cell(request["code"])
        except BaseException as error:  # noqa: BLE001 - the boundary of a cell: whatever it raises is its end
            signal.signal(signal.SIGINT, _ignore)
            self.fail(type(error).__name__, printable(error), "")
        signal.signal(signal.SIGINT, _ignore)
        if not self._is_own:
            os._exit(0)  # a forked process came to the end of the cell, which is not its own
        self._drain()
        self.outputs.end()
        self._tell_cut()
        cell, self._cell = self._cell, ""
        self.channel.send({"id": cell, "done": True, "failed": failed})

    def _run_cell(self, code: str) -> bool:
        """Runs a cell; True when it failed."""
        self._gave_up = False
        self._renew()
        self._drain()
        self.outputs.begin()
        self.shell.compile.silent = self._silent
        with self.loop.as_running(code):
            result = self.shell.run_cell(code, store_history=not self._silent, silent=self._silent)
        return result is None or not result.success

    def _ask(self, prompt: str) -> str:
        if not self._cell or self._silent or not self._is_own:
            raise StdinNotImplementedError("nobody is there to answer")
        if threading.current_thread() is not threading.main_thread():
            raise StdinNotImplementedError("only the main thread can ask for input")
        if self._gave_up:
            self._gave_up = False
            raise EOFError("nobody is there to answer")  # ends a debugger that asks on after an interrupt
        self._drain()
        self._hand_over()
        self._questions += 1
        asks = encodable(prompt[:_PROMPT_LIMIT])
        try:
            self.channel.send({"id": self._cell, "asks": asks, "question": self._questions})
            answer = self._answer()  # an interrupt may come as soon as the question is out
        except KeyboardInterrupt:
            self._gave_up = True
            raise
        self._renew()
        self.outputs.renew()
        return answer

    def _answer(self) -> str:
        while True:
            request, _ = self.channel.receive()
            if request["op"] == "reply" and request["question"] == self._questions:
                answer: str = request["text"]
                return answer

    def _renew(self) -> None:
        self.log.renew()
        self._cut_told = 0
        for stream in self.streams:
            stream.renew()

    def _drain(self) -> None:
        for stream in self.streams:
            stream.flush()
        for stream in self.streams:
            stream.drain()

    def _hand_over(self) -> None:
        self.outputs.budget.finish()
        self._tell_cut()

    def _tell_cut(self) -> None:
        cut = self.outputs.cut
        self.log.cut(cut - self._cut_told)
        self._cut_told = cut


def _ignore(*_: object) -> None:
    """Between cells there is nothing to interrupt; what a cell starts does not inherit this."""
