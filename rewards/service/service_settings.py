"""What the service can be told, with the environment names of code-judge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ...kernels.backend_options import Isolation

_CODE_JUDGE_NAMES = {
    "MAX_WORKERS": "workers",
    "MAX_EXECUTION_TIME": "execution_seconds",
    "MAX_MEMORY": "memory_megabytes",
    "MAX_QUEUE_WORK_LIFE_TIME": "queue_seconds",
    "LONG_BATCH_MAX_QUEUE_WAIT_TIME": "long_queue_seconds",
    "MAX_STDOUT_ERROR_LENGTH": "output_characters",
}


class ServiceSettingsError(ValueError):
    """A setting is not allowed; one line names it, its value and what is allowed."""


class ServiceSettings(BaseModel):
    """Settings of one server. Every fault of a value raises `ServiceSettingsError`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Programs that run at once. `MAX_WORKERS`"""
    queue_size: int = Field(default=2000, ge=0)
    """Programs that may wait; more are turned away."""
    queue_seconds: float = Field(default=4.0, gt=0, allow_inf_nan=False)
    """Seconds that a submission of code-judge's plain routes may wait. `MAX_QUEUE_WORK_LIFE_TIME`"""
    long_queue_seconds: float = Field(default=3615.0, gt=0, allow_inf_nan=False)
    """The same for its long batches. `LONG_BATCH_MAX_QUEUE_WAIT_TIME`"""
    sandbox_queue_seconds: float = Field(default=9.0, gt=0, allow_inf_nan=False)
    """The same for SandboxFusion's routes; its clients wait for 10 s beyond the time of the run."""
    execution_seconds: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    """Seconds that a program of code-judge's routes may run. `MAX_EXECUTION_TIME`"""
    longest_run_seconds: float = Field(default=300.0, gt=0, allow_inf_nan=False)
    """What a request may ask for at most, for compiling, running and waiting in SandboxFusion's routes."""
    memory_megabytes: int = Field(default=256, ge=1)
    """Memory of a program of code-judge's routes; Python gets 1024 more. `MAX_MEMORY`"""
    largest_memory_megabytes: int = Field(default=4096, ge=64)
    """What any program may use at most."""
    output_characters: int = Field(default=1000, ge=0)
    """Characters of standard output and of errors that code-judge's routes give. `MAX_STDOUT_ERROR_LENGTH`"""
    output_bytes: int = Field(default=4 << 20, ge=1 << 10)
    """Bytes that a program may write to standard output, and to standard error; more ends it."""
    body_bytes: int = Field(default=64 << 20, ge=1 << 10)
    """Bytes of one request."""
    bodies_bytes: int = Field(default=512 << 20, ge=1 << 10)
    """Bytes of all requests that are being answered."""
    body_seconds: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    """Seconds in which a request must have arrived."""
    sessions: int = Field(default=16, ge=1)
    """Sessions that may be alive at once; there are `workers` more interpreters for single requests."""
    session_seconds: float = Field(default=600.0, gt=0, allow_inf_nan=False)
    """Seconds without a request after which a session is ended."""
    kernel_backend: str = "jupyter"
    """Where interpreters come from."""
    isolation: Isolation = Isolation.AUTO
    """How far programs and interpreters are kept from everything else."""
    api_key: SecretStr | None = None
    """What clients must show; None lets everybody in who can reach the port."""

    def __init__(self, **values: Any) -> None:
        """Checks the settings.

        Raises:
            ServiceSettingsError: If a name or a value is not allowed.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(map(str, first["loc"]))
            raise ServiceSettingsError(f"{name}={first['input']!r}: {first['msg']}") from None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **values: Any) -> Self:
        """Settings by code-judge's names of variables; `values` go first.

        Raises:
            ServiceSettingsError: If a value is not allowed.
        """
        found: dict[str, Any] = {
            field: environment[name] for name, field in _CODE_JUDGE_NAMES.items() if environment.get(name)
        }
        if found.get("workers") == "0":  # as many as there are cores
            del found["workers"]
        return cls(**{**found, **values})
