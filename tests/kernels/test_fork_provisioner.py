"""Forked kernels under the plain Jupyter machinery."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient

from replgym.kernels import KernelStartError


@pytest.fixture(autouse=True)
def _entry_point() -> None:
    """The entry point of the distribution, for a checkout that is not installed."""
    target = "replgym.kernels.jupyter.fork_provisioner:ForkProvisioner"
    entry = EntryPoint("replgym-fork", target, KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners["replgym-fork"] = entry


def _manager(folder: Path, python: str = sys.executable) -> AsyncKernelManager:
    spec = {
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "forked",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": "replgym-fork"}},
    }
    (folder / "forked").mkdir()
    (folder / "forked" / "kernel.json").write_text(json.dumps(spec))
    return AsyncKernelManager(
        kernel_name="forked",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder)]),
        connection_file=str(folder / "connection.json"),
    )


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[AsyncKernelManager]:
    manager = _manager(tmp_path)
    await manager.start_kernel(cwd=str(tmp_path))
    yield manager
    await manager.shutdown_kernel(now=True)


async def _stdout(manager: AsyncKernelManager, code: str) -> str:
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        said: list[str] = []

        def hear(message: dict[str, dict[str, str]]) -> None:
            said.append(message["content"].get("text", ""))

        await client.execute_interactive(code, timeout=30, output_hook=hear)
        return "".join(said)
    finally:
        client.stop_channels()


async def test_a_forked_kernel_serves_a_plain_client(manager: AsyncKernelManager, tmp_path: Path) -> None:
    said = await _stdout(manager, "import os; print(os.getppid(), os.getcwd())")
    parent, folder = said.split()
    assert "fork_server_main" in Path(f"/proc/{parent}/cmdline").read_text()
    assert os.path.samefile(folder, tmp_path)
    assert manager.transport == "ipc"


async def test_interrupt_restart_and_shutdown(manager: AsyncKernelManager) -> None:
    pid = int(await _stdout(manager, "import os; print(os.getpid())"))
    running = asyncio.create_task(_stdout(manager, "print('on')\nwhile True: pass"))
    await asyncio.sleep(1.0)
    await manager.interrupt_kernel()
    assert (await running).startswith("on")
    await manager.restart_kernel(now=True)
    assert int(await _stdout(manager, "import os; print(os.getpid())")) != pid
    await manager.shutdown_kernel(now=True)
    assert not await manager.is_alive()


async def test_another_interpreter_is_refused(tmp_path: Path) -> None:
    manager = _manager(tmp_path, python="/usr/bin/other-python")
    with pytest.raises(KernelStartError, match=r"only .* can be forked"):
        await manager.start_kernel()


async def test_a_notebook_runs_under_nbclient(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("x = 20\nprint('hello')"),
            nbformat.v4.new_code_cell("x + 22"),
            nbformat.v4.new_code_cell("import os; open('made', 'w').close(); os.getppid()"),
            nbformat.v4.new_code_cell("1 / 0"),
        ]
    )
    manager = _manager(tmp_path)
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=30,
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    await client.async_execute()
    await manager.shutdown_kernel(now=True)
    hello, answer, parent, error = (cell.outputs[0] for cell in notebook.cells)
    assert hello.text == "hello\n"
    assert answer.data["text/plain"] == "42"
    assert not Path(f"/proc/{parent.data['text/plain']}").exists()
    assert (error.output_type, error.ename) == ("error", "ZeroDivisionError")
    assert (tmp_path / "made").exists()
