"""Everything that a back end can be told, checked before anything starts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .containers.docker_options import DockerOptions
from .gateway.gateway_options import GatewayOptions
from .resource_limits import ResourceLimits


class Isolation(StrEnum):
    """How far local interpreters are to be kept from everything else."""

    AUTO = "auto"
    """The strongest level that this machine allows; `replgym doctor` tells which, and why not more."""
    NAMESPACES = "namespaces"
    RESTRICTED = "restricted"
    LIMITS = "limits"


class BackendOptionsError(ValueError):
    """An option is not allowed; one line names the field, the value and what is allowed."""


class BackendOptions(BaseModel):
    """What every back end is told. Every fault of a value raises `BackendOptionsError`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    setup: str = ""
    """Code that runs silently in every fresh interpreter."""
    output_limit: int = Field(default=1 << 16, ge=16)
    """Characters of text output that are kept of a cell."""
    preload: tuple[str, ...] = ()
    """Modules that are worth importing ahead, where the back end can."""
    readable: tuple[str, ...] = ()
    """Files and folders that interpreters may read, beyond Python and the system's libraries."""
    seed: int | None = Field(default=None, ge=0, lt=1 << 32)
    """Every interpreter starts with `random` and `numpy.random` in the state of this seed."""
    isolation: Isolation = Isolation.AUTO
    limits: ResourceLimits = ResourceLimits()
    docker: DockerOptions = DockerOptions()
    """The containers of the back end `docker`."""
    gateway: GatewayOptions | None = None
    """The server of the back end `gateway`."""

    def __init__(self, **values: Any) -> None:
        """Checks the options.

        Raises:
            BackendOptionsError: If a name or a value is not allowed.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            # What is missing has no value, and the rest of the section may hold a secret.
            value = "" if first["type"] == "missing" else f"={first['input']!r}"
            raise BackendOptionsError(f"{where}{value}: {first['msg']}") from None
