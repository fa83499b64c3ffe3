"""Real servers: how they are reached, how they fail, and what is left on them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from replgym.kernels import BackendOptions, CellStatus, KernelBackend, KernelStartError, make_backend
from replgym.kernels.gateway.gateway_client import GatewayClient, GatewayError
from replgym.kernels.gateway.gateway_options import GatewayOptions

from .connections import wire_to
from .jupyter_server import JUPYTER_SERVER, KERNEL_GATEWAY, RunningServer, jupyter_server

PATIENCE = 120.0
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[RunningServer]:
    async with jupyter_server() as running:
        yield running


@asynccontextmanager
async def _backend(server: RunningServer, **more: Any) -> AsyncIterator[KernelBackend]:
    backend = make_backend("gateway", BackendOptions(gateway={**server.options, **more}))
    try:
        yield backend
    finally:
        await backend.close()


async def _running(server: RunningServer) -> tuple[str, ...]:
    client = GatewayClient(GatewayOptions(**server.options))
    try:
        return await client.running()
    finally:
        await client.close()


async def _expect_failure(message: str, server: RunningServer, **more: Any) -> None:
    async with _backend(server, **more) as backend:
        with pytest.raises(KernelStartError, match=message):
            await backend.start_kernel()


def _left_on(server: RunningServer) -> list[str]:
    return sorted(path.name for path in server.temporary.iterdir() if path.name.startswith("replgym-"))


async def _episode(backend: KernelBackend) -> None:
    kernel = await backend.start_kernel()
    try:
        await kernel.write_file("in/data.bin", b"\0\xff" * 3_000_000)
        cell = "data = open('in/data.bin', 'rb').read()\nopen('out.bin', 'wb').write(data[::-1])\nlen(data)"
        assert (await kernel.execute(cell, timeout=PATIENCE)).text() == "6000000"
        assert await kernel.read_file("out.bin") == b"\xff\0" * 3_000_000
        asked = await kernel.execute("print('a')\nint(input('n? ')) + 1", timeout=PATIENCE)
        assert (asked.status, asked.prompt) == (CellStatus.AWAITING_INPUT, "n? ")
        assert (await kernel.reply("41", timeout=PATIENCE)).text() == "42"
        assert (await kernel.execute("while True: pass", timeout=0.3)).status is CellStatus.TIMEOUT
        assert (await kernel.execute("len(data)", timeout=PATIENCE)).text() == "6000000"
    finally:
        await kernel.close()


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (JUPYTER_SERVER, ["--ServerApp.base_url=/user/ada"]),
        (JUPYTER_SERVER, ["--ZMQChannelsWebsocketConnection.kernel_ws_protocol="]),
        (KERNEL_GATEWAY, []),
    ],
    ids=["path prefix", "old protocol", "kernel gateway"],
)
async def test_an_episode_on_every_kind_of_server(kind: str, arguments: list[str]) -> None:
    async with jupyter_server(kind, *arguments) as server:
        async with _backend(server) as backend:
            await _episode(backend)
        assert _left_on(server) == []


async def test_a_header_may_stand_for_the_token(server: RunningServer) -> None:
    headers = {"Authorization": f"token {server.options['token']}"}
    async with _backend(server, token="", headers=headers) as backend:
        await (await backend.start_kernel()).close()


async def test_kernels_leave_nothing_on_the_server(server: RunningServer) -> None:
    mark = f"600.{os.getpid()}"
    async with _backend(server) as backend:
        kernels = await asyncio.gather(*(backend.start_kernel() for _ in range(3)))
        sleeper = f"subprocess.Popen(['sleep', '{mark}'], start_new_session=new)"
        code = f"import subprocess\nfor new in (0, 1): {sleeper}"
        await kernels[0].execute(code, timeout=PATIENCE)
        await kernels[1].execute(f"{code}\nimport os; os._exit(1)", timeout=PATIENCE)
        assert len(_left_on(server)) == 3
        await asyncio.gather(*(kernel.close() for kernel in kernels))
        assert _left_on(server) == []
        assert subprocess.run(["pgrep", "-f", mark], stdout=subprocess.DEVNULL).returncode == 1
    assert await _running(server) == ()


async def test_a_cancelled_start_leaves_nothing(server: RunningServer) -> None:
    async with _backend(server) as backend:
        await backend.capabilities()
        for delay in (0.0, 0.01, 0.1, 0.4):
            start = asyncio.create_task(backend.start_kernel())
            await asyncio.sleep(delay)
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
    assert await _running(server) == ()
    assert _left_on(server) == []


async def test_a_broken_connection_is_made_again(server: RunningServer) -> None:
    async with wire_to(server.url) as wire, _backend(server, url=wire.url) as backend:
        kernel = await backend.start_kernel()
        await kernel.execute("x = 1", timeout=PATIENCE)
        cell = asyncio.create_task(
            kernel.execute("import time\nfor i in range(10): print(i); time.sleep(0.1)", timeout=PATIENCE)
        )
        await asyncio.sleep(0.3)
        wire.cut()
        assert (await cell).text().split() == [str(i) for i in range(10)]
        assert (await kernel.execute("x", timeout=PATIENCE)).text() == "1"
        await kernel.close()


async def test_a_connection_that_cannot_be_made_again_costs_the_interpreter(server: RunningServer) -> None:
    async with (
        wire_to(server.url) as wire,
        _backend(server, url=wire.url, reconnect_timeout=0.5, orphan_timeout=4) as backend,
    ):
        kernel = await backend.start_kernel()
        cell = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=600))
        await asyncio.sleep(0.2)
        wire.open = False
        wire.cut()
        with pytest.raises(KernelStartError, match="cannot be reached"):
            await cell
        wire.open = True
        assert (await kernel.execute("1", timeout=PATIENCE)).status is CellStatus.DIED
        assert (await kernel.execute("1", timeout=PATIENCE)).text() == "1"
        await kernel.close()


async def test_signs_of_life_during_a_cell_without_streams_do_not_show(server: RunningServer) -> None:
    async with _backend(server, orphan_timeout=4) as backend:
        kernel = await backend.start_kernel()
        code = "import sys, time\nsys.stdout = sys.stderr = object()\ntime.sleep(3)\n6 * 7"
        assert (await kernel.execute(code, timeout=PATIENCE)).text() == "42"
        assert (await kernel.execute("40 + 2", timeout=PATIENCE)).text() == "42"
        await kernel.close()


async def test_the_death_of_the_server_is_noticed() -> None:
    async with jupyter_server() as server, _backend(server, reconnect_timeout=0.5) as backend:
        kernel = await backend.start_kernel()
        cell = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=600))
        await asyncio.sleep(0.2)
        server.process.kill()
        with pytest.raises(KernelStartError, match="cannot be reached"):
            await cell
        await kernel.close()


async def test_a_silent_server_is_noticed() -> None:
    limits = {"heartbeat": 0.5, "reconnect_timeout": 0.5, "request_timeout": 3.0, "start_timeout": 30.0}
    async with jupyter_server() as server, _backend(server, **limits) as backend:
        kernel = await backend.start_kernel()
        cell = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=600))
        await asyncio.sleep(0.2)
        server.process.send_signal(signal.SIGSTOP)
        with pytest.raises(KernelStartError, match="did not answer in time"):
            await cell
        server.process.kill()
        await kernel.close()


async def test_mistakes_about_the_server_are_told(server: RunningServer) -> None:
    await _expect_failure("cannot be reached; does the server run", server, url="http://127.0.0.1:9")
    await _expect_failure("refused GET /api/kernelspecs with 403: check gateway.token", server, token="wrong")
    await _expect_failure("check gateway.url, and whether it needs a path", server, url=f"{server.url}/no")
    known = r"gateway.kernel_name='julia' is not among the kernel specs of .*: .*python3"
    await _expect_failure(known, server, kernel_name="julia")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit(1)", "died while it started|failed at POST|was not ready"),
        (
            "import ipykernel; ipykernel.version_info = (6, 0, 0); ipykernel.__version__ = '6.0.0'\n"
            "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()",
            "cannot be used: RuntimeError: the kernel has ipykernel 6.0.0; 6.29 or newer is needed",
        ),
    ],
    ids=["dies", "too old"],
)
async def test_a_kernel_that_cannot_be_used_is_told(
    server: RunningServer, program: str, message: str
) -> None:
    folder = server.data / "kernels" / "odd"
    folder.mkdir(parents=True, exist_ok=True)
    spec = {"argv": [sys.executable, "-c", program, "-f", "{connection_file}"], "display_name": "odd"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    await _expect_failure(message, server, kernel_name="odd", start_timeout=5)
    assert await _running(server) == ()


async def test_certificates_are_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    subprocess.run(
        [*command.split(), "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    arguments = [f"--ServerApp.keyfile={key}", f"--ServerApp.certfile={certificate}"]
    async with jupyter_server(JUPYTER_SERVER, *arguments) as server:
        await _expect_failure("cannot be verified; set gateway.verify", server)
        for verify in (certificate, False):
            async with _backend(server, verify=verify) as backend:
                kernel = await backend.start_kernel()
                assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"
                await kernel.close()


async def test_a_page_that_is_no_server_is_told() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/html\r\n\r\nhello")
        await writer.drain()
        writer.close()

    page = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{page.sockets[0].getsockname()[1]}"
    client = GatewayClient(GatewayOptions(url=url))
    with pytest.raises(GatewayError, match="is no Jupyter server"):
        await client.check()
    await client.close()
    page.close()
