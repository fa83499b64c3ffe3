"""A standard stream of an ipykernel that spends from the cell's output budget."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import codecs
import fcntl
import os
import select
import struct
import termios
import threading
from typing import Any

from ipykernel.iostream import IOPubThread, OutStream

from .cell_traceback import encodable
from .late_output import CellOutputs

_DRAIN_ROUNDS = 1000


class CappedStream(OutStream):
    """The stream, and the pipe behind its descriptor.

    What subprocesses and C code write to the descriptor is read under a lock together with its hand-over, so
    that `drain` can promise that nothing is left behind. A forked child of the kernel has no sockets to send
    on; it writes to the descriptor like any other subprocess.
    """

    outputs: CellOutputs | None = None

    def join(self, outputs: CellOutputs) -> None:
        """Makes this one of the streams that spend from the budget."""
        self.outputs = outputs
        outputs.streams.append(self)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._pipe_lock = threading.RLock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        super().__init__(*args, **kwargs)

    @property
    def parent_header(self) -> Any:
        """The cell that runs, also for threads and tasks of earlier ones."""
        return self._parent_header_global

    @parent_header.setter
    def parent_header(self, value: Any) -> None:
        self._parent_header_global = value

    def write(self, string: str) -> int:
        """Writes text, as far as the budget goes, after what a subprocess wrote before it."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if not self._is_master_process():
            self._write_to_descriptor(string)
        elif self.outputs is None:
            self.send(string)
        else:
            self.drain()
            self.outputs.write(self, string)
        return len(string)

    def flush(self) -> None:
        """Sends what was written; in a forked child there is nothing to send."""
        if self._is_master_process():
            super().flush()

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
            if self.outputs is None:
                self.send(text)
            else:
                self.outputs.take(self, text)
        return True

    def _write_to_descriptor(self, text: str) -> None:
        data = memoryview(encodable(text).encode())
        while data:
            data = data[os.write(self._original_stdstream_fd, data) :]

    def _watch_pipe_fd(self) -> None:
        """Runs in ipykernel's thread for the descriptor."""
        poll = select.poll()
        assert self._fid is not None
        poll.register(self._fid, select.POLLIN)
        while self._should_watch:
            _, event = poll.poll()[0]
            if not self._take_from_pipe() and not event & select.POLLIN:
                return  # every writer is gone, since the cell closed the descriptor


def without_network_pipe() -> None:
    """Keeps ipykernel from opening a TCP port for the output of forked children, who do not need it here."""

    def leave_out(thread: IOPubThread) -> None:
        thread._pipe_flag = False

    IOPubThread._setup_pipe_in = leave_out  # type: ignore[method-assign]
