"""All settings of `PyInterp-v0`, checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..kernels.backend_options import BackendOptions
from ..kernels.backends import BACKENDS, make_backend, pool_of
from ..kernels.kernel_pool import KernelPool
from ..rewards.code_extraction import CODE_EXTRACTIONS
from ..rewards.judge import Judge
from ..rewards.rubric import Rubric
from ..tools.debugger.debugger_tool import Debugger
from ..tools.formats.action_formats import ACTION_FORMATS, make_parser
from ..tools.formats.action_parser import ActionParser
from ..tools.formats.answer_parser import AnswerParser
from ..tools.python_interpreter import PythonInterpreter
from ..tools.submit import Submit
from ..tools.tool_mode import ToolMode
from ..tools.toolbox import TOOL_NAMES, Toolbox
from .task_set import TaskSet, UnknownTaskSetError

_FORMATS_WITH_ANSWERS = ("hermes", "json", "native", "xml")
"""Formats in which code outside a call is no cell."""
FORMATS_OF_CELLS = ("auto", "code", "fenced")
"""Formats in which code is a cell, so that the last one can be the answer."""


class ConfigError(ValueError):
    """A setting is not allowed; one line names the field, the value and what is allowed."""


class EnvConfig(BaseModel):
    """Settings of one environment. Every fault of a value raises `ConfigError`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_set: str = "blackbox"
    """A name in `TaskSet.names()`."""
    task_options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the task set; `blackbox` takes `split`, `levels`, `size` and `seed`, data sets
    `path`, `split` and `limit`."""
    action_format: str = "code"
    """How a message is read: a name in `tools.ACTION_FORMATS`."""
    calls_per_message: int | None = Field(default=None, ge=1, le=64, strict=True)
    """The most calls of one message; None for what models of the format do: one cell, or up to 16 calls."""
    mode: ToolMode = ToolMode.STATEFUL
    """What runs for a model: a value of `tools.ToolMode`."""
    tools: tuple[str, ...] | None = None
    """What of the mode's tools a model may call; None for all. Without `python_interpreter` no cell runs."""
    backend: str = "jupyter"
    """Where cells run; a name in `kernels.BACKENDS`."""
    backend_options: BackendOptions = BackendOptions()
    """How they run: isolation, limits, set-up code and more; see `kernels.BackendOptions`."""
    max_turns: int = Field(default=8, ge=1, strict=True)
    """Messages until the episode is truncated."""
    max_cells: int | None = Field(default=None, ge=1, strict=True)
    """Cells until the episode is truncated, after the message with the last one; None for no limit."""
    parse_error_budget: int = Field(default=3, ge=1, strict=True)
    """The parse error with this number ends the episode."""
    cell_timeout: float = Field(default=10.0, gt=0, strict=True, allow_inf_nan=False)
    """Seconds for one cell."""
    episode_timeout: float = Field(default=600.0, gt=0, strict=True, allow_inf_nan=False)
    """Seconds from reset after which no further cell runs."""
    acquire_timeout: float | None = Field(default=None, gt=0, strict=True, allow_inf_nan=False)
    """Seconds that the first cell waits for an interpreter; None for what is left of the episode."""
    observation_limit: int = Field(default=4000, ge=16, le=50_000, strict=True)
    """The most characters of output that are shown of a cell; the middle is cut."""
    max_tests: int | None = Field(default=None, ge=1, strict=True)
    """The most tests of a task to run, the same ones for every submission; None for all."""
    allow_unproven: bool | None = Field(default=None, strict=True)
    """Whether a test may pass that nothing proves from outside; None for "yes, but not in training"."""
    code_extraction: str | None = None
    """How a message without a call is taken as the answer: a name in `rewards.CODE_EXTRACTIONS`, or None.

    Without the interpreter among the tools every message is an answer. `last-cell` takes the program that the
    cells hold, and does so too when the policy has no message or cell left.
    """
    rubric: str | Mapping[str, Any] = Field(default_factory=lambda: {"passed": 1.0})
    """The name of a preset, or the weights of reward functions; as `Rubric.of` reads it."""

    def __init__(self, **values: Any) -> None:
        """Checks the settings.

        Raises:
            ConfigError: If a name or a value is not allowed.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_told(error)) from None

    @field_validator("task_set")
    @classmethod
    def _known_task_set(cls, name: str) -> str:
        return _one_of(name, TaskSet.names())

    @field_validator("action_format")
    @classmethod
    def _known_format(cls, name: str) -> str:
        return _one_of(name, ACTION_FORMATS)

    @field_validator("backend")
    @classmethod
    def _known_backend(cls, name: str) -> str:
        return _one_of(name, tuple(sorted(BACKENDS)))

    @field_validator("mode", mode="before")
    @classmethod
    def _known_mode(cls, name: Any) -> str:
        return _one_of(name, tuple(ToolMode))

    @field_validator("tools")
    @classmethod
    def _known_tools(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            _one_of(name, TOOL_NAMES)
        if names is not None and len(set(names)) < len(names):
            raise ValueError("a tool is named twice; name each once")
        return names

    @field_validator("code_extraction")
    @classmethod
    def _known_extraction(cls, name: str | None) -> str | None:
        return None if name is None else _one_of(name, tuple(CODE_EXTRACTIONS))

    @field_validator("rubric", mode="before")
    @classmethod
    def _known_rewards(cls, rubric: Any) -> str | Mapping[str, Any]:
        Rubric.of(rubric)
        return rubric if isinstance(rubric, str) else dict(rubric)

    @model_validator(mode="after")
    def _tools_are_of_the_mode(self) -> Self:
        if wrong := [name for name in self.tools or () if name not in self.mode.tools]:
            allowed = ", ".join(self.mode.tools)
            raise ValueError(f"tools: mode={self.mode.value!r} has no {wrong[0]!r}; use some of: {allowed}")
        return self

    @model_validator(mode="after")
    def _answers_are_told_from_calls(self) -> Self:
        if self.code_extraction is None:
            if Submit.name not in self.tool_names:
                raise ValueError(
                    "tools: without 'submit' no task can be solved; add it, or set code_extraction"
                )
        elif self.runs_cells and self.action_format not in self._formats_with_answers():
            read_as = (
                "which has no cells that are code" if self.takes_last_cell else "which reads code as a cell"
            )
            raise ValueError(
                f"code_extraction={self.code_extraction!r} is not allowed with action_format="
                f"{self.action_format!r}, {read_as}: use one of: "
                f"{', '.join(self._formats_with_answers())}; or mode='no-tool'"
            )
        return self

    def _formats_with_answers(self) -> tuple[str, ...]:
        """Formats that can tell an answer of this kind from a call."""
        if self.takes_last_cell:
            return FORMATS_OF_CELLS
        marked = self.code_extraction is not None and CODE_EXTRACTIONS[self.code_extraction].mark
        return tuple(name for name in ACTION_FORMATS if name != "code") if marked else _FORMATS_WITH_ANSWERS

    @property
    def takes_last_cell(self) -> bool:
        """Whether the answer is the program that the cells hold."""
        named = self.code_extraction is not None and CODE_EXTRACTIONS[self.code_extraction].of_cells
        return named and self.runs_cells

    @property
    def tool_names(self) -> tuple[str, ...]:
        """What a model may call."""
        return self.mode.tools if self.tools is None else self.tools

    @property
    def runs_cells(self) -> bool:
        """Whether the interpreter is among the tools."""
        return PythonInterpreter.name in self.tool_names

    @classmethod
    def for_gymnasium(
        cls, settings: Mapping[str, Any], render_mode: str | None, render_modes: tuple[str, ...]
    ) -> Self:
        """The settings that `gymnasium.make` passes on.

        Raises:
            ConfigError: If a setting or the render mode is not allowed.
        """
        if render_mode is not None and render_mode not in render_modes:
            raise ConfigError(
                f"render_mode={render_mode!r} is not allowed: use one of: {', '.join(render_modes)}"
            )
        return cls(**settings)

    def make_parser(self) -> ActionParser:
        """What reads messages with these settings."""
        if self.code_extraction is None:
            return make_parser(self.action_format, self.calls_per_message)
        extraction, calls = CODE_EXTRACTIONS[self.code_extraction], None
        if self.runs_cells:
            calls = make_parser(self.action_format, self.calls_per_message, answer_mark=extraction.mark)
        return AnswerParser(
            calls, extraction.shape, extraction.write, extraction.mark, of_cells=extraction.of_cells
        )

    def make_toolbox(self) -> Toolbox:
        """The tools of a model with these settings."""
        return Toolbox(self.tool_names, mode=self.mode, observation_limit=self.observation_limit)

    def make_pool(self, *, size: int, warm: int) -> KernelPool:
        """Makes a pool of interpreters for environments with these settings; nothing starts yet.

        Args:
            size: Episodes that may hold interpreters at once.
            warm: Interpreters that stand by.
        """
        each = 2 if Debugger.name in self.tool_names else 1
        return pool_of(make_backend(self.backend, self.backend_options), size=each * size, warm=warm)

    def make_judge(self, concurrency: int | None = None, *, training: bool = False) -> Judge:
        """Makes a judge for environments with these settings; nothing starts yet.

        Args:
            concurrency: Grades at the same time; the number of cores by default.
            training: Whether a policy learns from its verdicts, and so would learn to get past it.
        """
        allowed = not training if self.allow_unproven is None else self.allow_unproven
        return Judge(concurrency, max_tests=self.max_tests, allow_unproven=allowed)

    def load_tasks(self) -> TaskSet:
        """Loads the tasks.

        Raises:
            ConfigError: If an option of the task set is not allowed, or no task is left.
            MissingExtraError: If the set comes from a package that is not installed.
        """
        try:
            tasks = TaskSet.load(self.task_set, **self.task_options)
        except UnknownTaskSetError as error:
            raise ConfigError(f"task_options={dict(self.task_options)!r}: {error}") from None
        if not len(tasks):
            raise ConfigError(f"task_options={dict(self.task_options)!r}: no task is left; ask for more")
        return tasks


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    if name not in allowed:
        raise ValueError(f"use one of: {', '.join(allowed)}")
    return name


def _told(error: ValidationError) -> str:
    """The first fault in one line."""
    fault = error.errors(include_url=False)[0]
    field = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"unknown setting {field!r}; use one of: {', '.join(sorted(EnvConfig.model_fields))}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not field:
        return message
    return f"{field}={fault['input']!r} is not allowed: {message[:1].lower()}{message[1:]}"
