"""What a confined process finds when it looks around: run once, to learn what a machine really gives."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile

_SECONDS = 10
_FIRST_FD = 3


def prepare(_: object) -> None:
    """Being imported is all."""


def run(_: object) -> None:
    """Does what honest code does, and sends what it found as JSON to descriptor 3."""
    try:
        found: dict[str, object] = _look()
    except Exception as error:  # noqa: BLE001 - whatever fails here would fail in every kernel
        found = {"problem": f"{type(error).__name__}: {error}"}
    with socket.socket(fileno=_FIRST_FD) as channel:
        channel.sendall(json.dumps(found).encode())


def _look() -> dict[str, object]:
    with open(os.__file__, "rb") as source:
        source.read(1)
    for path in sys.path:
        if os.path.basename(path) == "site-packages" and os.path.isdir(path):
            os.listdir(path)
    with tempfile.TemporaryFile() as file:
        file.write(b"1")
    with open("self_test", "wb") as file:
        file.write(b"1")
    os.unlink("self_test")
    started = subprocess.run(
        [sys.executable, "-S", "-c", "import json"], capture_output=True, timeout=_SECONDS, check=False
    )
    if started.returncode != 0:
        words = started.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"Python does not start in a subprocess: {words[-1] if words else started}")
    with open("/proc/self/status") as lines:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
    return {
        "uid": os.geteuid(),
        "capabilities": int(status.get("CapEff", "0"), 16),
        "seccomp": status.get("Seccomp", "0").strip() == "2",
        "no_new_privileges": status.get("NoNewPrivs", "0").strip() == "1",
        "shared_memory": os.access("/dev/shm", os.W_OK),
    }
