"""When the owner is killed, containers and folders go with it; what cannot go is removed by the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from replgym.kernels import BackendOptions
from replgym.kernels.containers.docker_backend import DockerBackend
from replgym.kernels.containers.docker_options import DockerOptions
from replgym.kernels.containers.owner import OWNER, is_left_over, owner_labels

from .engine import IMAGE, containers_of, engine_api, needs_engine

PATIENCE = 60.0
WITH_KERNELS = """
import asyncio, sys
from replgym.kernels import make_backend
async def main():
    backend = make_backend("docker")
    kernels = await asyncio.gather(*(backend.start_kernel() for _ in range(2)))
    code = "import time; time.sleep(600)"
    cells = [asyncio.create_task(kernel.execute(code, timeout=600)) for kernel in kernels]
    await asyncio.sleep(0.2)
    print(backend._slots._home.folder, flush=True)
    await asyncio.wait(cells)
asyncio.run(main())
"""
BEFORE_CONNECTING = """
import asyncio, os, sys
from replgym.kernels import BackendOptions
from replgym.kernels.containers import slot
from replgym.kernels.containers.docker_backend import DockerBackend
from replgym.kernels.containers.docker_options import DockerOptions
async def die(*_):
    print("started", flush=True)
    await asyncio.sleep(600)
slot._connected = die
asyncio.run(DockerBackend(BackendOptions(docker=DockerOptions(start_timeout=2))).start_kernel())
"""


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@needs_engine
def test_containers_and_folders_go_with_a_killed_owner() -> None:
    with subprocess.Popen([sys.executable, "-c", WITH_KERNELS], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        assert folder.is_dir()
        assert len(containers_of(owner.pid)) == 2
        owner.kill()
    _until(lambda: containers_of(owner.pid) == [])
    _until(lambda: not folder.exists())


@needs_engine
def test_a_container_whose_owner_never_connects_ends() -> None:
    program = [sys.executable, "-c", BEFORE_CONNECTING]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "started\n"
        assert len(containers_of(owner.pid)) == 1
        owner.kill()
    _until(lambda: containers_of(owner.pid) == [])


@needs_engine
async def test_what_dead_owners_left_is_removed_and_nothing_else() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        pass
    world, mine = owner_labels()[OWNER].rsplit(" ", 2)[0], owner_labels()
    with engine_api() as api:
        left = api.create_container(IMAGE, "true", labels={OWNER: f"{world} {dead.pid} 1"})["Id"]
        kept = api.create_container(IMAGE, "true", labels=mine)["Id"]
        backend = DockerBackend(BackendOptions(docker=DockerOptions()))
        try:
            await backend.capabilities()
            there = {found["Id"] for found in api.containers(all=True)}
        finally:
            await backend.close()
            api.remove_container(kept)
    assert left not in there
    assert kept in there


def test_only_owners_that_can_be_seen_dead_are_taken_for_dead() -> None:
    boot, namespace, pid, start = owner_labels()[OWNER].split()
    assert pid == str(os.getpid())
    assert not is_left_over(owner_labels())
    assert is_left_over({OWNER: f"{boot} {namespace} {pid} {int(start) + 1}"})
    assert not is_left_over({OWNER: f"{boot} another {pid} {int(start) + 1}"})
    assert is_left_over({OWNER: f"another {namespace} {pid} {start}"})
    assert not is_left_over({OWNER: "nonsense"})
    assert not is_left_over({})


@needs_engine
async def test_a_killed_container_is_a_death_that_is_noticed_at_once() -> None:
    others = set(containers_of(os.getpid()))
    backend = DockerBackend(BackendOptions())
    try:
        kernel = await backend.start_kernel()
        cell = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=600))
        await asyncio.sleep(0.3)
        (container,) = set(containers_of(os.getpid())) - others
        with engine_api() as api:
            api.kill(container, signal.SIGKILL)
        result = await asyncio.wait_for(cell, PATIENCE)
        assert (result.status.value, result.state_lost) == ("died", True)
        assert (await kernel.execute("1 + 1", timeout=PATIENCE)).text() == "2"
    finally:
        await backend.close()
