"""The Docker engine that tests use, if there is one."""

from __future__ import annotations

import asyncio
from functools import cache

from replgym.kernels import KernelStartError
from replgym.kernels.containers.docker_engine import DockerEngine
from replgym.kernels.containers.docker_options import DockerOptions


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
