"""Folders of processes that were killed before they could remove them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from replgym.kernels import make_kernel_pool
from replgym.kernels.forking.fork_server import ForkServer
from replgym.kernels.inside import claimed_folder
from replgym.kernels.process_tree import descendants

from .backend_house import backends_under_test

PATIENCE = 60.0

OWNER = """
import asyncio, sys
from replgym.kernels import BackendOptions, make_backend

async def main():
    backend = make_backend(sys.argv[1], BackendOptions(isolation=sys.argv[2]))
    kernel = await backend.start_kernel()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("backend", "isolation"), [("fork", "auto"), ("fork", "limits"), ("jupyter-spawn", "auto")]
)
async def test_what_is_left_when_all_are_killed_at_once_goes_with_the_next_start(
    monkeypatch: pytest.MonkeyPatch, short_folder: Path, backend: str, isolation: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(short_folder))
    monkeypatch.setattr("tempfile.tempdir", str(short_folder))
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, backend, isolation, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    async with asyncio.timeout(120):
        assert await owner.stdout.readline() == b"ready\n"
    family = [owner.pid, *descendants(owner.pid)]
    claimed_folder.sweep()
    (folder,) = short_folder.glob("replgym-*")
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in family:
            os.kill(pid, number)
    await owner.wait()
    async with asyncio.timeout(120):
        while any(Path(f"/proc/{pid}").exists() for pid in family):
            await asyncio.sleep(0.01)
    assert folder.exists()
    server = await ForkServer.start()
    assert list(short_folder.glob("replgym-*")) == [server.folder]
    await server.close()
    assert not list(short_folder.glob("replgym-*"))


def test_what_nobody_claimed_is_left_alone(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short_folder))
    unclaimed, other, held = (short_folder / name for name in ("replgym-x", "other", "replgym-y"))
    for folder in (unclaimed, other, held):
        folder.mkdir()
    (other / "claim").touch()
    claim = claimed_folder.claim(held)
    claimed_folder.sweep()
    assert unclaimed.exists()
    assert other.exists()
    assert held.exists()
    os.close(claim)
    claimed_folder.sweep()
    assert not held.exists()


@pytest.mark.parametrize("backend", sorted({"docker", "jupyter", "jupyter-spawn"} & {*backends_under_test()}))
async def test_a_temporary_directory_may_have_a_long_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str
) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    async with make_kernel_pool(backend, size=1) as pool, pool.acquire(PATIENCE) as kernel:
        assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"
