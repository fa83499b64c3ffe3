"""A fork server of the interpreters, spoken to without an event loop."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...kernels.clean_environment import clean_environment
from ...kernels.inside import FOLDER
from ...kernels.inside.confinement import Confinement
from ...kernels.log_tail import last_lines
from .slot import SlotError

_MESSAGE_BYTES = 1 << 17
_MOST_FDS = 4
_END_SECONDS = 20.0


class WarmProcess:
    """Imports once and then forks; one caller at a time.

    Args:
        warm_up: What it calls once, as `/path/file.py:function`.
        preload: Modules that it imports.
        confinement: What it gets ready to do to its forks, if anything.
        seconds: When an answer that has not come is given up.
    """

    def __init__(
        self, warm_up: str, preload: tuple[str, ...], confinement: Confinement | None, seconds: float
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="replgym-judge-"))
        """A folder that lives exactly as long as the process; open to the users that its forks become."""
        self.folder.chmod(0o711)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(seconds)
        self._requests = 0
        self._silent = False
        options = {
            "fd": theirs.fileno(),
            "folder": str(self.folder),
            "preload": list(preload),
            "warm_up": warm_up,
            "confinement": None if confinement is None else asdict(confinement),
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

    def wait_until_warm(self) -> None:
        """Waits.

        Raises:
            SlotError: If it does not start; the message says why.
        """
        try:
            self._hear("ready")
        except SlotError as error:
            problem = last_lines(self.folder / "stderr") or str(error)
            raise SlotError(f"a warm process of the judge did not start: {problem}") from error

    def is_alive(self) -> bool:
        """Whether it runs and answers, as far as is known."""
        return not self._silent and self._process.poll() is None

    def fork(self, target: str, argument: dict[str, Any], ends: Sequence[socket.socket]) -> None:
        """Forks a process.

        Args:
            target: What it calls, as `module:function`.
            argument: With this.
            ends: What it finds at descriptors 3, 4, ….

        Raises:
            SlotError: If that fails.
        """
        self._requests += 1
        request = {
            "op": "fork",
            "id": self._requests,
            "target": target,
            "argument": argument,
            "stdio": [-1, -1, -1],
            "cwd": None,
            "env": {},
        }
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [end.fileno() for end in ends])
        except OSError as error:
            self._silent = True
            raise SlotError(f"a warm process of the judge died: {error}") from error
        answer = self._hear("id")
        if "error" in answer:
            raise SlotError(f"no slot could be forked: {answer['error']}")

    def close(self) -> None:
        """Ends it and waits until it is gone with everything that it forked; idempotent."""
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hear(self, wanted: str) -> dict[str, Any]:
        """The next message that has a certain field; others tell of forks that ended."""
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, _MOST_FDS)
            except OSError as error:
                self._silent = True
                raise SlotError(f"a warm process of the judge does not answer: {error}") from error
            for fd in fds:
                os.close(fd)
            if not data:
                self._silent = True
                raise SlotError("a warm process of the judge died")
            message: dict[str, Any] = json.loads(data)
            if wanted in message:
                return message
