"""All settings of a training run, read from YAML, checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ...envs.black_box import LEVELS
from ...envs.env_config import ConfigError, EnvConfig
from ...envs.task_set import TaskSet
from .tiny_model import TinyModelConfig


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TasksConfig(_Section):
    """Which tasks train, and which are held out."""

    task_set: str = "blackbox"
    path: str | None = None
    """Local file or folder of the set; `replgym data prepare` writes such folders, for `task_set: tasks`."""
    split: str | None = None
    """Split to train on; the set's first by default."""
    heldout_split: str | None = None
    """Split to measure on; that of training by default."""
    shuffle: bool = True
    """False trains on tasks in the order of their files, as a curriculum."""
    levels: tuple[int, ...] = (1, 2, 3)
    train_size: int = Field(default=2000, ge=1)
    """Distinct training tasks to draw."""

    @field_validator("task_set")
    @classmethod
    def _known_task_set(cls, name: str) -> str:
        if name not in TaskSet.names():
            raise ValueError(f"use one of: {', '.join(TaskSet.names())}")
        return name

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels or not set(levels) <= LEVELS.keys():
            raise ValueError(f"use some of: {', '.join(map(str, LEVELS))}")
        return levels


class WarmStartConfig(_Section):
    """Supervised learning on demonstrations before reinforcement learning; off when `model.path` is given."""

    expert_episodes: int = Field(default=48, ge=0)
    novice_episodes: int = Field(default=336, ge=0)
    """Demonstrations that know the moves but not which is right."""
    epochs: int = Field(default=6, ge=1)
    batch_size: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)


class ModelConfig(_Section):
    """The policy: a local folder, or, without one, a small model from scratch."""

    path: str | None = None
    tiny: TinyModelConfig = TinyModelConfig()


class GrpoConfig(_Section):
    """Group-relative policy optimisation (Shao et al. 2024, arXiv 2402.03300), run by verl."""

    steps: int = Field(default=30, ge=1)
    tasks_per_step: int = Field(default=8, ge=1)
    samples_per_task: int = Field(default=8, ge=2)
    learning_rate: float = Field(default=3e-4, gt=0)
    adam_betas: tuple[float, float] = (0.9, 0.95)
    """A short memory of squared gradients, because rewards are sparse at first and frequent later."""
    temperature: float = Field(default=0.7, gt=0)
    clip_low: float = Field(default=0.2, gt=0)
    clip_high: float = Field(default=0.28, gt=0)
    entropy_coefficient: float = Field(default=0.0, ge=0)
    max_prompt_tokens: int = Field(default=192, ge=16)
    max_response_tokens: int = Field(default=512, ge=16)
    max_turn_tokens: int = Field(default=80, ge=4)
    mask_void_turns: bool = False
    """Leave episodes with a turn without code or answer out of the loss, as SimpleTIR does."""
    stop_at_call: bool = False
    """End a message where its tool call ends; without it the policy learns to end its turns itself."""
    save_every: int = Field(default=10, ge=1)
    episode_seconds: float = Field(default=120.0, gt=0)
    """Deadline of one training episode."""


class EvaluationConfig(_Section):
    """Measurement on held-out tasks, before and after."""

    tasks: int = Field(default=90, ge=2)
    samples: int = Field(default=2, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    greedy: bool = True
    """Measure greedy decoding too."""
    concurrency: int = Field(default=32, ge=1)


class TrainConfig(_Section):
    """One training run."""

    name: str
    seed: int = 0
    platform: Literal["cpu"] = "cpu"
    kernels: int = Field(default=32, ge=1)
    """Interpreters alive at once."""
    threads: int = Field(default=1, ge=1)
    """Threads of torch in each process; a small model needs but one, and interpreters need cores."""
    env: EnvConfig = EnvConfig(action_format="fenced")
    tasks: TasksConfig = TasksConfig()
    model: ModelConfig = ModelConfig()
    warm_start: WarmStartConfig = WarmStartConfig()
    grpo: GrpoConfig = GrpoConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    verl: dict[str, Any] = Field(default_factory=dict)
    """Further settings by verl's own dotted names; they win over ours."""

    @classmethod
    def load(cls, source: str | Path, overrides: Sequence[str] = ()) -> Self:
        """Reads a preset by name or a YAML file by path, and applies `section.key=value` overrides.

        Raises:
            ConfigError: One line that names the field, the value and what is allowed.
        """
        values = _yaml(find_preset(source).read_text(), f"config {str(source)!r}")
        if not isinstance(values, dict):
            raise ConfigError(f"config {str(source)!r}: the file must hold a mapping")
        for override in overrides:
            apply_override(values, override)
        return cls.parse(values)

    def settings(self) -> dict[str, Any]:
        """Every setting by its dotted name, as JSON values."""
        return dict(_flat(self.model_dump(mode="json")))

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Validates a mapping.

        Raises:
            ConfigError: One line that names the field, the value and what is allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(describe(error)) from error


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def presets() -> dict[str, Path]:
    """The YAML files that ship with the project, by name."""
    folder = Path(__file__).parents[2] / "configs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_preset(source: str | Path) -> Path:
    """The file of a preset's name, or the path itself.

    Raises:
        ConfigError: If there is neither.
    """
    known = presets()
    if str(source) in known:
        return known[str(source)]
    if Path(source).is_file():
        return Path(source)
    raise ConfigError(f"config {str(source)!r} is neither a file nor a preset; presets: {', '.join(known)}")


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


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is no valid YAML: {' '.join(str(error).split())}") from error


def describe(error: ValidationError) -> str:
    """The first fault of a validation, in one line."""
    fault = error.errors()[0]
    field = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"config key {field!r} is unknown; allowed beside it: {', '.join(_siblings(fault['loc']))}"
    message = fault["msg"].removeprefix("Value error, ")
    if isinstance(fault.get("ctx", {}).get("error"), ConfigError):
        return f"config key {field!r}: {message}"
    return f"config key {field!r}: {fault['input']!r} is not allowed: {message}"


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = TrainConfig
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return sorted(model.model_fields)
