"""The ipykernel and its application, with the promises of `kernel_process`."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import signal
import sys
from typing import Any

import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type

from .capped_stream import CappedStream, without_network_pipe
from .cell_displays import CellDisplayHook, CellDisplayPublisher
from .cell_traceback import encodable, printable
from .late_output import CellOutputs
from .output_budget import OutputBudget
from .plain_shell import PlainShell
from .random_seed import seed_random

CUT_KEY = "replgym_cut"


class CellShell(PlainShell, ZMQInteractiveShell):
    """The shell of every engine, on ipykernel's channels."""

    displayhook_class = Type(CellDisplayHook)
    display_pub_class = Type(CellDisplayPublisher)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("compiler_class", None)
        super().__init__(*args, **kwargs)


class CellKernel(IPythonKernel):
    """The kernel whose cells keep the promises."""

    shell_class = Type(CellShell)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outputs: CellOutputs | None = None
        self.seed: int | None = None

    def start(self) -> None:
        """Starts the kernel, and lets signals wake a loop that sleeps in an awaiting cell."""
        super().start()
        self.wake_on_signals()

    def wake_on_signals(self) -> None:
        """Has the loop notice SIGINT at once: asyncio listens for signals from the first handler on."""
        loop: Any = self.io_loop
        loop.asyncio_loop.add_signal_handler(signal.SIGWINCH, lambda: None)

    async def process_control(self, msg: Any) -> None:
        """Takes a request while a cell runs, whatever the cell made of the standard streams."""
        try:
            await super().process_control(msg)
        except Exception:  # noqa: BLE001 - at its end it flushes what may be the cell's own object
            self._publish_status_and_flush("idle", "control", self.control_stream)

    async def do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Runs a cell and hands over all of its output before the reply."""
        if self.outputs is not None:
            for stream in self._streams():
                stream.set_parent(self.get_parent())
            self.outputs.begin()
        self._seed_random()
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
        self._drain()
        self._mend_streams()
        if self.outputs is not None:
            self.outputs.end()
        return reply

    def finish_metadata(self, parent: Any, metadata: dict[str, Any], reply_content: Any) -> dict[str, Any]:
        """Says how many characters the budget cut."""
        metadata = super().finish_metadata(parent, metadata, reply_content)
        if self.outputs is not None:
            metadata[CUT_KEY] = self.outputs.cut
        return metadata

    def _input_request(self, *args: Any, **kwargs: Any) -> str:
        """Asks for input; the second `busy` is a fence behind which all earlier output has arrived."""
        self._drain()
        if self.outputs is not None:
            self.outputs.budget.finish()
            self.outputs.flush()
        self._publish_status("busy", "shell")
        if self.outputs is not None:
            self.outputs.renew()
        answer: str = super()._input_request(*args, **kwargs)
        return answer

    def _seed_random(self) -> None:
        """Just before the first cell, so that nothing of the kernel's own has drawn from it."""
        seed, self.seed = self.seed, None
        if seed is not None:
            seed_random(seed)

    def _mend_streams(self) -> None:
        """Puts the standard streams back where the cell left something that cannot even be flushed."""
        for name, stream in zip(("stdout", "stderr"), self._streams(), strict=False):
            try:
                getattr(sys, name).flush()
            except Exception:  # noqa: BLE001 - whatever the cell made of it
                setattr(sys, name, stream)

    def _streams(self) -> list[CappedStream]:
        streams = self.outputs.streams if self.outputs is not None else []
        return [stream for stream in streams if isinstance(stream, CappedStream)]

    def _drain(self) -> None:
        for stream in self._streams():
            stream.drain()


class CellKernelApp(IPKernelApp):
    """The application around the kernel."""

    output_limit = 1 << 16

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Does nothing: what is to be set is set by whoever makes the application, without a parser."""

    def init_sockets(self) -> None:
        """Opens no socket but those of the connection file."""
        without_network_pipe()
        super().init_sockets()

    def init_iopub(self, context: Any) -> None:
        """Loses no message to a host that is slow for a moment; how much there is, the budget limits."""
        context.setsockopt(zmq.SNDHWM, 0)
        super().init_iopub(context)

    def init_io(self) -> None:
        """Puts both streams on one budget."""
        super().init_io()
        self.outputs = CellOutputs(OutputBudget(self.output_limit))
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, CappedStream):
                stream.join(self.outputs)

    def init_kernel(self) -> None:
        """Gives the kernel the streams' outputs."""
        super().init_kernel()
        self.kernel.outputs = self.outputs
