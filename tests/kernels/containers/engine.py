"""The Docker engine that tests use, if there is one, and odd images for it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from replgym.kernels import KernelStartError
from replgym.kernels.containers.docker_engine import DockerEngine
from replgym.kernels.containers.docker_options import DockerOptions

IMAGE = DockerOptions().image


@cache
def absence_of_docker() -> str | None:
    """Why containers cannot be tested here; None when they can."""
    engine = DockerEngine(DockerOptions())
    try:
        asyncio.run(engine.open())
    except KernelStartError as error:
        return str(error)
    finally:
        engine.close()
    return None


def is_required() -> bool:
    """Whether the absence of an engine is a failure."""
    return "docker" in os.environ.get("REPLGYM_REQUIRE", "").split(",")


needs_engine = pytest.mark.skipif(
    not is_required() and absence_of_docker() is not None,
    reason="no Docker engine or no image; REPLGYM_REQUIRE=docker makes that a failure",
)


@contextmanager
def engine_api() -> Iterator[Any]:
    """The SDK's client of the engine."""
    import docker

    api = docker.APIClient(version="auto", **docker.utils.kwargs_from_env())
    try:
        yield api
    finally:
        api.close()


@contextmanager
def foreign_image(architecture: str) -> Iterator[str]:
    """An empty image that says it was built for another machine."""
    name = f"replgym-test-{secrets.token_hex(4)}"
    layer = io.BytesIO()
    tarfile.open(fileobj=layer, mode="w").close()
    config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": []}]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file, content in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(content).encode()
            entry = tarfile.TarInfo(file)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    with engine_api() as api:
        list(api.load_image(packed.getvalue()))
        try:
            yield name
        finally:
            api.remove_image(name, force=True)


@contextmanager
def spoilt_image(command: str) -> Iterator[str]:
    """The kernel image after a command of root's."""
    name = f"replgym-test-{secrets.token_hex(4)}"
    with engine_api() as api:
        made = api.create_container(IMAGE, entrypoint=["sh", "-c", command], command=[], user="0", name=name)
        try:
            api.start(made)
            assert api.wait(made, timeout=30)["StatusCode"] == 0
            api.commit(made, name)
        finally:
            api.remove_container(made, force=True)
        try:
            yield name
        finally:
            api.remove_image(name, force=True)


def containers_of(pid: int) -> list[str]:
    """The ids of all containers that a process owns."""
    with engine_api() as api:
        return [
            found["Id"]
            for found in api.containers(all=True, filters={"label": "replgym.owner"})
            if found["Labels"]["replgym.owner"].split()[2] == str(pid)
        ]
