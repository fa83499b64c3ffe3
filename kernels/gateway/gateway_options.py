"""Which server the kernels run on, and how to speak to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

TOKEN_VARIABLE = "REPLGYM_GATEWAY_TOKEN"


def _token_of_environment() -> SecretStr:
    return SecretStr(os.environ.get(TOKEN_VARIABLE, ""))


class GatewayOptions(BaseModel):
    """A Jupyter server, and how long it may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Its address with the path below which `/api` lies, such as `https://hub.example/user/ada`."""
    token: SecretStr = Field(default_factory=_token_of_environment)
    """The server's token; the environment variable REPLGYM_GATEWAY_TOKEN without."""
    kernel_name: str = ""
    """The kernel spec; the server's default without. Only specs that run ipykernel will do."""
    headers: tuple[tuple[str, SecretStr], ...] = ()
    """More headers for every request, as a mapping: another `Authorization`, a proxy's key."""
    verify: bool | Path = True
    """Whether to check the server's certificate, or the file of the authorities to check it against."""
    request_timeout: float = Field(default=20.0, gt=0)
    """Seconds for one request."""
    start_timeout: float = Field(default=60.0, gt=0)
    """Seconds until a kernel that is not ready is given up."""
    heartbeat: float = Field(default=10.0, gt=0)
    """Seconds between pings of the connection; a server that does not answer one is gone."""
    reconnect_timeout: float = Field(default=10.0, ge=0)
    """Seconds for which a broken connection is tried again before the interpreter counts as lost."""
    orphan_timeout: float = Field(default=300.0, ge=3)
    """Seconds without a sign of this process after which a kernel ends itself. A single call into C that
    holds the interpreter's lock for longer counts as silence too."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("give the server's address, such as http://localhost:8888")
        return url.rstrip("/")

    @field_validator("headers", mode="before")
    @classmethod
    def _take_mapping(cls, headers: object) -> object:
        return tuple(sorted(headers.items())) if isinstance(headers, Mapping) else headers

    @field_validator("verify")
    @classmethod
    def _check_file(cls, verify: bool | Path) -> bool | Path:
        if isinstance(verify, Path) and not verify.is_file():
            raise ValueError("there is no such file of certificates")
        return verify
