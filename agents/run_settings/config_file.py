"""Settings of a run as a file: presets by name, YAML, and `section.key=value` on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from ...envs.env_config import ConfigError
from .cluster import ClusterSettings
from .model import ModelSettings
from .monitoring import SinkSettings
from .section import Section

CONFIGS = Path(__file__).parents[2] / "configs"
"""What ships with the project."""


class ConfigFile(Section):
    """All settings of one kind of run; a subclass says which presets are of its kind."""

    name: str
    """Name of the run folder."""
    platform: Literal["cpu", "cuda"] = "cpu"
    """What computes."""
    threads: int = Field(default=1, ge=1)
    """Threads of torch in each process; a small model needs but one, and interpreters need cores."""
    cluster: ClusterSettings = ClusterSettings()
    model: ModelSettings = ModelSettings()
    monitoring: SinkSettings = SinkSettings()
    verl: dict[str, Any] = Field(default_factory=dict)
    """Further settings by verl's own dotted names; they win over ours."""

    @field_validator("verl", mode="before")
    @classmethod
    def _dotted(cls, keys: Any) -> Any:
        return dict(dotted(keys)) if isinstance(keys, dict) else keys

    @classmethod
    def is_preset(cls, name: str) -> bool:
        """Whether a file in `configs/` is of this kind."""
        raise NotImplementedError

    @classmethod
    def presets(cls) -> dict[str, Path]:
        """The YAML files of this kind that ship with the project, by name."""
        return {path.stem: path for path in sorted(CONFIGS.glob("*.yaml")) if cls.is_preset(path.stem)}

    @classmethod
    def find_preset(cls, source: str | Path) -> Path:
        """The file of a preset's name, or the path itself.

        Raises:
            ConfigError: If there is neither.
        """
        known = cls.presets()
        if str(source) in known:
            return known[str(source)]
        if Path(source).is_file():
            return Path(source)
        raise ConfigError(
            f"config {str(source)!r} is neither a file nor a preset; presets: {', '.join(known)}"
        )

    @classmethod
    def load(cls, source: str | Path, overrides: Sequence[str] = ()) -> Self:
        """Reads a preset by name or a YAML file by path, and applies `section.key=value` overrides.

        Raises:
            ConfigError: One line that names the field, the value and what is allowed.
        """
        values = read_config(cls.find_preset(source))
        for override in overrides:
            apply_override(values, override)
        return cls.parse(values)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Validates a mapping.

        Raises:
            ConfigError: One line that names the field, the value and what is allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(cls._described(error)) from error

    def settings(self) -> dict[str, Any]:
        """Every setting by its dotted name, as JSON values."""
        return dict(dotted(self.model_dump(mode="json")))

    @classmethod
    def _described(cls, error: ValidationError) -> str:
        """The first fault of a validation, in one line."""
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        if fault["type"] == "extra_forbidden":
            allowed = ", ".join(_siblings(cls, fault["loc"]))
            return f"config key {field!r} is unknown; allowed beside it: {allowed}"
        message = fault["msg"].removeprefix("Value error, ")
        if not field:
            return message
        if isinstance(fault.get("ctx", {}).get("error"), ConfigError):
            return f"config key {field!r}: {message}"
        return f"config key {field!r}: {fault['input']!r} is not allowed: {message}"


def read_config(path: Path, below: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The settings of a YAML file on top of those of the file that it names under `extends`.

    Args:
        path: The file. It extends a file beside it, or one in `configs/`, named without `.yaml`.
        below: The files that led here.

    Raises:
        ConfigError: If a file is missing, no mapping, or extends itself.
    """
    values = _yaml(path.read_text(), f"config {str(path)!r}")
    if not isinstance(values, dict):
        raise ConfigError(f"config {str(path)!r}: the file must hold a mapping")
    base = values.pop("extends", None)
    if base is None:
        return values
    places = [folder / f"{base}.yaml" for folder in (path.parent, CONFIGS)]
    found = next((place for place in places if place.is_file()), None)
    if found is None or found in (path, *below):
        fault = "names no file" if found is None else "leads back to itself"
        raise ConfigError(
            f"config {str(path)!r}: extends={base!r} {fault}; name a file beside it or a preset"
        )
    return _laid_over(read_config(found, (path, *below)), values)


def _laid_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Both, section by section; single values and lists of the upper one win."""
    joined = dict(lower)
    for key, value in upper.items():
        under = joined.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            joined[key] = _laid_over(under, value)
        else:
            joined[key] = value
    return joined


def apply_override(values: dict[str, Any], override: str) -> None:
    """Sets one `section.key=value` in a nested mapping; the value is read as YAML.

    Keys below `verl` are verl's own dotted names and stay whole.

    Raises:
        ConfigError: If the text is not of that form.
    """
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"override {override!r} is not of the form section.key=value")
    path = key.split(".")
    if path[0] == "verl":
        path = ["verl", ".".join(path[1:])]
    for part in path[:-1]:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"override {override!r}: {part!r} is a value, not a section")
    values[path[-1]] = _yaml(text, f"override {override!r}")


def dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings with their dotted names."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def not_allowed(key: str, value: object, fix: str) -> ConfigError:
    """What to raise for a value that contradicts another one."""
    return ConfigError(f"config key {key!r}: {value!r} is not allowed: {fix}")


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is no valid YAML: {' '.join(str(error).split())}") from error


def _siblings(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return sorted(model.model_fields)
