"""Targets for forked children in tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time


def echo(argument: dict[str, object]) -> None:
    """Sends what a child sees of itself to descriptor 3."""
    seen = {
        "argument": argument,
        "cwd": os.getcwd(),
        "env": os.environ.get("GIVEN"),
        "secret": os.environ.get("MY_API_KEY"),
        "leader": os.getsid(0) == os.getpid(),
        "fds": sorted(int(name) for name in os.listdir("/proc/self/fd")),
        "sigint": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "streams": [os.path.realpath(f"/proc/self/fd/{number}") for number in range(3)],
    }
    with socket.socket(fileno=3) as channel:
        channel.sendall(json.dumps(seen).encode())


def leave(code: int) -> None:
    sys.exit(code)


def fail(_: object) -> None:
    raise RuntimeError("broken")


def sleep(_: object) -> None:
    time.sleep(600)


def write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stderr.write("problem\n")


def daemons(_: object) -> None:
    """Leaves orphans in sessions of their own and dies."""
    command = "for i in 1 2 3; do setsid sleep 600 </dev/null >/dev/null 2>&1 & done; echo started"
    output = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True).stdout
    os.write(3, output)
    os._exit(0)


def draw(_: object) -> None:
    import random

    os.write(3, str(random.random()).encode())
