"""A real Jupyter server of one's own: a free port, a token, nothing of the user's settings."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...free_port import free_port

TOKEN = "a-token-for-tests"
JUPYTER_SERVER = "jupyter_server"
KERNEL_GATEWAY = "kernel_gateway"
_START_SECONDS = 60.0
_APPLICATIONS = {JUPYTER_SERVER: "ServerApp", KERNEL_GATEWAY: "KernelGatewayApp"}
_OPTIONS = {
    JUPYTER_SERVER: ("--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"),
    KERNEL_GATEWAY: (f"--KernelGatewayApp.auth_token={TOKEN}"),
}


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers."""

    url: str
    process: asyncio.subprocess.Process
    log: Path
    data: Path
    """Where kernel specs may be put."""
    temporary: Path
    """Where its kernels make their folders."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The `gateway` section of the back end's options."""
        return {"url": self.url, "token": TOKEN, "orphan_timeout": 60}


@asynccontextmanager
async def jupyter_server(kind: str = JUPYTER_SERVER, *more: str) -> AsyncIterator[RunningServer]:
    """Runs a server for the length of a block; kernels that are left then end with it."""
    with tempfile.TemporaryDirectory(prefix="jupyter-") as folder:
        log = Path(folder, "log")
        process = await _spawn(kind, more, Path(folder), log)
        try:
            url = await _url(process, log)
            yield RunningServer(url, process, log, Path(folder, "data"), Path(folder, "tmp"))
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(120):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _spawn(kind: str, more: Sequence[str], folder: Path, log: Path) -> asyncio.subprocess.Process:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "JUPYTER"))
    }
    root = folder / "root"
    root.mkdir()
    (folder / "tmp").mkdir()
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            kind,
            *_OPTIONS[kind],
            f"--{_APPLICATIONS[kind]}.port={free_port()}",
            "--AsyncIOLoopKernelRestarter.time_to_dead=0.5",
            *more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=root,
            env={
                **environment,
                "HOME": str(folder),
                "PYTHONHASHSEED": "0",
                "PYTHONBREAKPOINT": "a_debugger_elsewhere.set_trace",  # as Ray leaves it to all its children
                "TMPDIR": str(folder / "tmp"),
                "JUPYTER_CONFIG_DIR": str(folder / "config"),
                "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
                "JUPYTER_DATA_DIR": str(folder / "data"),
            },
            start_new_session=True,
        )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _url(process: asyncio.subprocess.Process, log: Path) -> str:
    """Waits until the server says where it listens, and does."""
    async with asyncio.timeout(_START_SECONDS):
        while process.returncode is None:
            found = re.search(r"(https?)://(?:127\.0\.0\.1|localhost):(\d+)(/[\w/-]*)?", log.read_text())
            if found is not None and _listens(int(found[2])):
                scheme, port, path = found.groups()
                path = (path or "").removesuffix("/").removesuffix("/tree").removesuffix("/lab")
                return f"{scheme}://127.0.0.1:{port}{path}"
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")
