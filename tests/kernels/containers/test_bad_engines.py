"""Whatever is wrong with the engine or the image is told in one line that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replgym.kernels import BackendOptions, BackendOptionsError, IsolationError, KernelStartError
from replgym.kernels.containers.container_settings import ContainerSettings
from replgym.kernels.containers.docker_backend import DockerBackend
from replgym.kernels.containers.docker_engine import DockerEngine
from replgym.kernels.containers.docker_options import DockerOptions
from replgym.kernels.containers.slot_pool import SlotPool

from .engine import foreign_image, needs_engine, spoilt_image


async def _complaint(preload: tuple[str, ...] = (), **docker: Any) -> str:
    backend = DockerBackend(BackendOptions(preload=preload, docker=DockerOptions(**docker)))
    try:
        with pytest.raises(KernelStartError) as caught:
            await backend.start_kernel()
    finally:
        await backend.close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"recycle_after": 0}, "docker.recycle_after=0"),
        ({"cpus": -1}, "docker.cpus=-1"),
        ({"engine": "vax"}, "docker.engine='vax'"),
        ({"memory": 1}, "docker.memory=1"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(BackendOptionsError, match=named):
        BackendOptions(docker=options)


async def test_no_engine(tmp_path: Path) -> None:
    told = await _complaint(host=f"unix://{tmp_path}/none.sock")
    assert told.startswith(f"no Docker engine answers at unix://{tmp_path}/none.sock")
    assert "set DOCKER_HOST" in told
    assert "no Docker engine answers at tcp://127.0.0.1:9" in await _complaint(host="tcp://127.0.0.1:9")


def test_no_sdk() -> None:
    program = (
        "import asyncio, sys\nsys.modules['docker'] = None\n"
        "from replgym.kernels import make_backend\n"
        "asyncio.run(make_backend('docker').capabilities())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("run: pip install 'replgym[docker]'")


@needs_engine
async def test_no_image() -> None:
    told = await _complaint(image="replgym-there-is-none")
    assert "no image 'replgym-there-is-none'" in told
    assert "scripts/build_image.sh" in told


@needs_engine
async def test_an_image_of_another_architecture() -> None:
    with foreign_image("s390x") as image:
        told = await _complaint(image=image)
    assert "is built for s390x" in told
    assert "scripts/build_image.sh" in told


@needs_engine
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("rm $(which python3)", "has no python3 on its PATH"),
        ("rm -r $(dirname $(python3 -c 'import ipykernel as m; print(m.__file__)'))*", "has no ipykernel"),
        (
            "sed -i 's/^Version: .*/Version: 5.1.0/' "
            "$(dirname $(python3 -c 'import ipykernel as m; print(m.__file__)'))-*/METADATA",
            "has ipykernel 5.1.0; 6.29 or later is needed",
        ),
        ("rm $(python3 -c 'import json; print(json.__file__)')", "its Python ended with"),
    ],
    ids=["no-python", "no-ipykernel", "old-ipykernel", "broken-python"],
)
async def test_images_that_cannot_serve(spoil: str, told: str) -> None:
    with spoilt_image(spoil) as image:
        assert told in await _complaint(image=image)


@needs_engine
async def test_a_preload_that_the_image_lacks() -> None:
    told = await _complaint(preload=("no_such_module",))
    assert "the image lacks a module that was to be imported ahead: No module named 'no_such_module'" in told


@needs_engine
async def test_runtimes_that_cannot_serve() -> None:
    assert "the Docker engine has" in await _complaint(runtime="no-such-runtime")


@needs_engine
@pytest.mark.parametrize("runtime", ["runsc", "runsc-kvm", "kata-runtime"])
async def test_runtimes_that_pass_no_descriptors(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    """On an engine that has such a runtime, which need not be installed to be refused."""
    import docker

    ask = docker.APIClient.info

    def info(api: docker.APIClient) -> dict[str, Any]:
        told = ask(api)
        return {**told, "Runtimes": {**told["Runtimes"], runtime: {"path": "/usr/bin/runsc"}}}

    monkeypatch.setattr(docker.APIClient, "info", info)
    assert "cannot pass descriptors between container and host" in await _complaint(runtime=runtime)


@needs_engine
async def test_more_processors_than_there_are() -> None:
    assert "CPUs" in await _complaint(cpus=4096)


@dataclass(frozen=True, slots=True)
class _Lost(ContainerSettings):
    """A container that is shown another folder than the host's, as a remote engine would do."""

    def container(self, token: str) -> dict[str, Any]:
        return ContainerSettings.container(self, "another folder's")


@dataclass(frozen=True, slots=True)
class _Open(ContainerSettings):
    """A container that an engine leaves more open than it was told."""

    def host(self, folder: Path, programs: Path, docker: Any) -> dict[str, Any]:
        host = ContainerSettings.host(self, folder, programs, docker)
        return host | {"cap_drop": [], "read_only": False, "security_opt": ["seccomp=unconfined"]}


@needs_engine
async def test_an_engine_that_does_not_see_the_folders() -> None:
    options = BackendOptions()
    slots = SlotPool(DockerEngine(options.docker), _Lost(options))
    try:
        with pytest.raises(KernelStartError, match="does not see the folders of this machine"):
            await slots.acquire()
    finally:
        await slots.close()


@needs_engine
async def test_a_container_that_is_too_open_is_not_used() -> None:
    options = BackendOptions()
    slots = SlotPool(DockerEngine(options.docker), _Open(options))
    try:
        with pytest.raises(IsolationError, match=r"did not apply .*capabilities, no-new-privileges, .*root"):
            await slots.acquire()
    finally:
        await slots.close()


@needs_engine
def test_containers_that_cannot_be_signalled() -> None:
    """As when this process runs in a container that was given the socket of the engine."""
    program = """
import asyncio
from replgym.kernels import BackendOptions, KernelStartError, make_backend

async def main():
    backend = make_backend("docker", BackendOptions())
    try:
        await backend.start_kernel()
    except KernelStartError as error:
        print(error)
    finally:
        await backend.close()

asyncio.run(main())
"""
    alone = ["unshare", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0:
        alone.append("--map-root-user")
    run = subprocess.run([*alone, sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert "cannot be signalled from here" in run.stdout, run.stderr
