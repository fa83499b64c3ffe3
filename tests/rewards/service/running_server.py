"""A real server in a process of its own, as a user starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from ...free_port import free_port

_START_SECONDS = 240


@dataclass(frozen=True)
class RunningServer:
    """Where it listens, and its process."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """Asks it to end and waits for that."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextlib.contextmanager
def running_server(folder: Path, *options: str, **environment: str) -> Iterator[RunningServer]:
    """Starts `replgym serve judge` on a free port, and kills it at the end if it still runs."""
    port = free_port()
    log = folder / f"server-{port}.log"
    command = [sys.executable, "-m", "replgym.cli", "serve", "judge", "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **environment}, start_new_session=True
        )
    server = RunningServer(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait(server)
        yield server
    finally:
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.stop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def _wait(server: RunningServer) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            if requests.get(f"{server.url}/ping", timeout=10).text == '"pong"':
                return
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")
