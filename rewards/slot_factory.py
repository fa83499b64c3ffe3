"""Makes the slots of a judge: forks of one warm process, which starts with the first slot.

The warm process is the fork server of the interpreters. Whatever was forked from it ends with it, and it ends
when the judge's process does, however that ends; its folder goes with it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..kernels.clean_environment import clean_environment
from ..kernels.inside import FOLDER
from ..kernels.inside.confinement import Confinement
from ..kernels.isolation.rung import Rung
from .judge_limits import JudgeLimits
from .slot import Slot, SlotError

_WARM_UP = Path(__file__).absolute().parent / "sandbox" / "warm_up.py"
_TARGET = "replgym.rewards.sandbox.slot_server:main"
_UIDS_OF_A_SLOT = 256
_MESSAGE_BYTES = 1 << 17
_END_SECONDS = 20.0


class SlotFactory:
    """Blocking, and safe to use from several threads.

    Args:
        rung: How submissions are confined.
        limits: What they may use.
        preload: Modules to import once for all submissions.
        readable: Files and folders that they may read, beyond Python and the system's libraries.
    """

    def __init__(
        self, rung: Rung, limits: JudgeLimits, preload: tuple[str, ...], readable: tuple[str, ...]
    ) -> None:
        self._limits = limits
        self._preload = preload
        self._confinement = _confinement(rung, limits, readable)
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._serial = 0
        self._closed = False

    def make(self) -> Slot:
        """Forks the processes of one slot; it is not ready yet.

        Raises:
            SlotError: If the warm process cannot be started or refuses.
        """
        with self._lock:
            if self._closed:
                raise SlotError("the judge is closed")
            if self._server is None or not self._server.is_alive():
                self._end_server()
                self._server = _Server(self._confinement, self._preload, self._limits.start_seconds)
            self._serial += 1
            ours, theirs = socket.socketpair()
            try:
                self._server.fork(self._orders(self._server.folder), theirs)
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
            return Slot(ours, self._serial)

    def close(self) -> None:
        """Ends the warm process and with it every slot; idempotent."""
        with self._lock:
            self._closed = True
            self._end_server()

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _orders(self, folder: Path) -> dict[str, Any]:
        uids = self._confinement.uids
        if uids is not None:
            first, count = uids
            share = min(_UIDS_OF_A_SLOT, count)
            uids = (first + self._serial % (count // share) * share, share)
        return {
            "confinement": asdict(replace(self._confinement, uids=uids)),
            "folder": str(folder / f"slot-{self._serial}"),
            "examiner_memory": self._limits.examiner_memory,
            "output": self._limits.output,
        }


class _Server:
    """The warm process."""

    def __init__(self, confinement: Confinement, preload: tuple[str, ...], start_seconds: float) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(start_seconds)
        self.folder = Path(tempfile.mkdtemp(prefix="replgym-judge-"))
        self.folder.chmod(0o711)
        options = {
            "fd": theirs.fileno(),
            "folder": str(self.folder),
            "preload": list(preload),
            "warm_up": f"{_WARM_UP}:prepare",
            "confinement": asdict(confinement),
        }
        with theirs, (self.folder / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(FOLDER), "fork_server_main:main", json.dumps(options)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=clean_environment(self.folder),
            )
        self._requests = 0
        try:
            self._hear("ready")
        except SlotError as error:
            problem = _last_line(self.folder / "stderr") or str(error)
            self.close()
            raise SlotError(f"the judge's warm process did not start: {problem}") from error

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def fork(self, argument: dict[str, Any], end: socket.socket) -> None:
        """Forks the server of a slot."""
        self._requests += 1
        request = {
            "op": "fork",
            "id": self._requests,
            "target": _TARGET,
            "argument": argument,
            "stdio": [-1, -1, -1],
            "cwd": None,
            "env": {},
        }
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [end.fileno()])
        except OSError as error:
            raise SlotError(f"the judge's warm process died: {error}") from error
        answer = self._hear("id")
        if "error" in answer:
            raise SlotError(f"no slot could be forked: {answer['error']}")

    def close(self) -> None:
        """Ends it and waits until it is gone with everything that it forked."""
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hear(self, wanted: str) -> dict[str, Any]:
        """The next message that has a certain field; others tell of slots that ended."""
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, 4)
            except OSError as error:
                raise SlotError(f"the judge's warm process does not answer: {error}") from error
            for fd in fds:
                os.close(fd)
            if not data:
                raise SlotError("the judge's warm process died")
            message: dict[str, Any] = json.loads(data)
            if wanted in message:
                return message


def _confinement(rung: Rung, limits: JudgeLimits, readable: tuple[str, ...]) -> Confinement:
    return replace(
        rung.confinement,
        memory=limits.memory,
        processes=limits.processes,
        file_size=max(limits.file_size, limits.output + 1),
        open_files=limits.open_files,
        workspace=limits.workspace,
        readable=readable,
        control_groups=False,
    )


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
