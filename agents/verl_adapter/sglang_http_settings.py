"""Where the servers of `sglang_http` are, read from `actor_rollout_ref.rollout.custom`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .setting_error import setting_error

_KEY = "actor_rollout_ref.rollout.custom"


class SGLangHttpSettings(BaseModel):
    """Settings of the engine that verl's schema has no names for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[str, ...] = Field(min_length=1)
    """SGLang servers of the model in training, 0.5.12 or later."""
    weights_folder: Path
    """Where the weights are written after every step; trainer and servers see it under this path."""
    message_seconds: float = Field(default=600.0, gt=0)
    """Deadline of one message, with all attempts and with the pause while weights change."""
    sync_seconds: float = Field(default=600.0, gt=0)
    """Deadline of loading new weights in all servers."""
    api_key_env: str | None = None
    """The environment variable that holds the key of the servers, where they want one."""

    @field_validator("weights_folder")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        if not folder.is_absolute():
            raise ValueError("give an absolute path, since the servers read it, too")
        return folder

    @classmethod
    def of(cls, rollout_config: Any) -> Self:
        """Reads verl's configuration of the rollout.

        Raises:
            ValueError: One line that names the key, the value and what is allowed.
        """
        try:
            return cls.model_validate(dict(rollout_config.custom or {}))
        except ValidationError as error:
            raise setting_error(_KEY, cls, error) from None


def share_of(urls: tuple[str, ...], replica: int, replicas: int) -> tuple[str, ...]:
    """The servers that a replica looks after; none when there are more replicas than servers."""
    return urls[replica::replicas]
