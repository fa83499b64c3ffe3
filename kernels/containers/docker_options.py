"""What the back end `docker` can be told."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Engine(StrEnum):
    """What runs the cells in a container."""

    JUPYTER = "jupyter"
    """A real ipykernel."""
    FORK = "fork"
    """An IPython shell, which starts and answers faster."""


class DockerOptions(BaseModel):
    """Where and how containers run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = "replgym-kernel"
    """Has Python, ipykernel and what cells import; `scripts/build_image.sh` builds this one."""
    engine: Engine = Engine.JUPYTER
    host: str | None = None
    """Address of the engine, such as `unix:///var/run/docker.sock`; that of `DOCKER_HOST` by default."""
    runtime: str | None = None
    """The engine's default one by default. It must be able to pass descriptors to the host, as runc can."""
    cpus: float | None = Field(default=None, gt=0)
    """Processors that a container may use; all of them by default."""
    recycle_after: int = Field(default=100, ge=1)
    """Sessions after which a container is replaced; a session that went wrong replaces it at once."""
    recycle_minutes: float = Field(default=60.0, gt=0)
    """Minutes after which a container is replaced."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels of the containers, beside those that name their owner."""
    accept_missing_limits: bool = False
    """Whether to run on an engine that cannot enforce a limit; the capabilities then say which."""
    start_timeout: float = Field(default=30.0, gt=0)
    """Seconds until a container that is not ready is given up."""
