"""A server in a process group of its own: ready before it is used, and gone for sure afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from replgym.kernels.log_tail import last_lines

START_SECONDS = 280.0
"""A first start compiles what it imports, beside other tests on two cores."""


class EngineProcess:
    """One server program that listens on a port of this machine; it can be killed and started again."""

    def __init__(
        self, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Starts nothing yet.

        Args:
            command: The program and its arguments.
            port: Where it will listen.
            log: Where its output goes, over all starts.
            environment: What is added to the environment of this process; what its imports compile to is
                kept, so that the next start is quick.
        """
        self._command = ["setpriv", "--pdeathsig", "KILL", *command]  # with this process, however it ends
        self._port = port
        self._log = log
        self._environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts the program; it is not ready yet."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self, seconds: float = START_SECONDS) -> None:
        """Returns when it answers.

        Raises:
            RuntimeError: If it ended or did not answer in time; holds the end of its log.
        """
        assert self._process is not None, "start() comes first"
        end = time.monotonic() + seconds
        while not self._answers():
            status = self._process.poll()
            if status is not None or time.monotonic() > end:
                self.kill()
                reason = f"ended with {status}" if status is not None else f"no answer in {seconds:g} s"
                raise RuntimeError(f"{' '.join(self._command)}: {reason}\n{last_lines(self._log, 40)}")
            time.sleep(0.2)

    def kill(self) -> None:
        """Kills the whole group at once, as a crash or the machine would; idempotent."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
