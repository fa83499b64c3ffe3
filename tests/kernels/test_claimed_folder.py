"""Folders of processes that were killed before they could remove them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from replgym.kernels.forking.fork_server import ForkServer
from replgym.kernels.inside import claimed_folder
from replgym.kernels.process_tree import descendants

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
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str, isolation: str
) -> None:
    tmp_path.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, backend, isolation, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    async with asyncio.timeout(60):
        assert await owner.stdout.readline() == b"ready\n"
    family = [owner.pid, *descendants(owner.pid)]
    claimed_folder.sweep()
    (folder,) = tmp_path.glob("replgym-*")
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in family:
            os.kill(pid, number)
    await owner.wait()
    async with asyncio.timeout(30):
        while any(Path(f"/proc/{pid}").exists() for pid in family):
            await asyncio.sleep(0.01)
    assert folder.exists()
    server = await ForkServer.start()
    assert list(tmp_path.glob("replgym-*")) == [server.folder]
    await server.close()
    assert not list(tmp_path.glob("replgym-*"))


def test_what_nobody_claimed_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    unclaimed, other, held = (tmp_path / name for name in ("replgym-x", "other", "replgym-y"))
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
