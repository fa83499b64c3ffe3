"""Makes the slots of a judge: forks of two warm processes, which start with the first slot.

One has what servers and examiners need; the other, from which submissions descend, stays as small as it can.
Both are the fork server of the interpreters: whatever was forked from it ends with it, and it ends when the
judge's process does, however that ends; its folder goes with it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...kernels.inside.confinement import Confinement
from ...kernels.isolation.rung import Rung
from ..judge_limits import JudgeLimits
from .slot import Slot, SlotError
from .warm_process import WarmProcess

_WARM_UP = Path(__file__).absolute().parents[1] / "sandbox" / "warm_up.py"
_SERVER = "replgym.rewards.sandbox.slot_server:main"
_SANDBOX = "replgym.rewards.sandbox.sandbox_process:main"
_UIDS_OF_A_SLOT = 256


class SlotFactory:
    """Blocking, and safe to use from several threads.

    Args:
        rung: How submissions are confined.
        limits: What they may use.
        preload: Modules to import once for all submissions.
        readable: Files and folders that they may read, beyond Python and the system's libraries.
        hidden: Those of them that they may not.
    """

    def __init__(
        self,
        rung: Rung,
        limits: JudgeLimits,
        *,
        preload: tuple[str, ...],
        readable: tuple[str, ...],
        hidden: tuple[str, ...],
    ) -> None:
        self._limits = limits
        self._preload = preload
        self._hidden = hidden
        self._confinement = _confinement(rung, limits, readable)
        self._lock = threading.Lock()
        self._warm: tuple[WarmProcess, WarmProcess] | None = None
        self._serial = 0
        self._closed = False

    def make(self) -> Slot:
        """Forks the processes of one slot; it is not ready yet.

        Raises:
            SlotError: If the warm processes cannot be started or refuse.
        """
        with self._lock, contextlib.ExitStack() as stack:
            servers, sandboxes = self._running()
            self._serial += 1
            host, server = socket.socketpair()
            to_sandbox, sandbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for end in (server, to_sandbox, sandbox):
                stack.callback(end.close)
            try:
                sandboxes.fork(_SANDBOX, self._orders(sandboxes.folder), [sandbox])
                orders: dict[str, Any] = {
                    "examiner_memory": self._limits.examiner_memory,
                    "output": self._limits.output,
                }
                orders["folder"] = str(servers.folder / f"tests-{self._serial}")
                servers.fork(_SERVER, orders, [server, to_sandbox])
            except BaseException:
                host.close()
                raise
            return Slot(host)

    def close(self) -> None:
        """Ends the warm processes and with them every slot; idempotent."""
        with self._lock:
            self._closed = True
            self._end()

    def _running(self) -> tuple[WarmProcess, WarmProcess]:
        if self._closed:
            raise SlotError("the judge is closed")
        if self._warm is None or not all(process.is_alive() for process in self._warm):
            self._end()
            seconds = self._limits.start_seconds
            started = [
                WarmProcess(f"{_WARM_UP}:prepare_servers", self._preload, None, seconds),
                WarmProcess(f"{_WARM_UP}:prepare_sandboxes", self._preload, self._confinement, seconds),
            ]
            try:
                for process in started:
                    process.wait_until_warm()
            except SlotError:
                for process in started:
                    process.close()
                raise
            self._warm = started[0], started[1]
        return self._warm

    def _end(self) -> None:
        warm, self._warm = self._warm, None
        for process in warm or ():
            process.close()

    def _orders(self, folder: Path) -> dict[str, Any]:
        uids = self._confinement.uids
        if uids is not None:
            first, count = uids
            share = min(_UIDS_OF_A_SLOT, count)
            uids = (first + self._serial % (count // share) * share, share)
        return {
            "confinement": asdict(replace(self._confinement, uids=uids)),
            "folder": str(folder / f"slot-{self._serial}"),
            "hidden": list(self._hidden),
        }


def _confinement(rung: Rung, limits: JudgeLimits, readable: tuple[str, ...]) -> Confinement:
    return replace(
        rung.confinement,
        memory=limits.memory,
        processes=limits.processes,
        file_size=max(limits.file_size, limits.output + 1),
        open_files=limits.open_files,
        workspace=limits.workspace,
        readable=readable,
    )
