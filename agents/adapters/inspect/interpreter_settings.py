"""What a sandbox of inspect is configured with: the settings of episodes, and how many play at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....envs.env_config import ConfigError, EnvConfig
from ....envs.task import Task


class InterpreterSettings(BaseModel):
    """The configuration of the sandbox `replgym`; it travels in logs as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kernels: int = Field(default=32, ge=1, le=10_000)
    """Episodes at once; more wait."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Fields of `EnvConfig`."""

    def __hash__(self) -> int:
        """Equal settings share their interpreters; inspect looks them up in sets."""
        return hash(self.model_dump_json())

    @classmethod
    def read(cls, given: BaseModel | str | None) -> InterpreterSettings:
        """The settings that inspect hands over: an object, the path of a YAML file, or nothing.

        Raises:
            ConfigError: If a setting is not allowed or there is no such file.
        """
        if isinstance(given, InterpreterSettings):
            return given
        if isinstance(given, BaseModel):
            raise ConfigError(f"the sandbox has a {type(given).__name__}; give InterpreterSettings")
        return cls() if given is None else cls.checked(_from_file(Path(given)))

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> InterpreterSettings:
        """The settings of these values.

        Raises:
            ConfigError: If one is not allowed.
        """
        try:
            made = cls(**values)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            name = ".".join(map(str, fault["loc"]))
            raise ConfigError(
                f"sandbox setting {name}={fault['input']!r} is not allowed: {fault['msg']}; "
                f"use: {', '.join(cls.model_fields)}"
            ) from None
        made.env_config()
        return made

    def env_config(self) -> EnvConfig:
        """The settings of an episode.

        Raises:
            ConfigError: If one is not allowed.
        """
        return EnvConfig(**self.settings)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks by their ids, loaded once; hidden tests stay here and never reach a log."""
        return {task.id: task for task in self.env_config().load_tasks()}


def _from_file(path: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"sandbox configuration {str(path)!r}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"sandbox configuration {str(path)!r} is no YAML: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(
            f"sandbox configuration {str(path)!r} holds {type(values).__name__}; write a mapping"
        )
    return {str(name): value for name, value in values.items()}
