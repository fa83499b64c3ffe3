"""Tasks and the environment `PyInterp-v0`: an async core, and Gymnasium's faces over it."""

from .async_interpreter_env import (
    AsyncInterpreterEnv,
    EpisodeOverError,
    ResetResult,
    StepResult,
    UnknownTaskError,
)
from .end_reason import EndReason
from .env_config import ConfigError, EnvConfig
from .failure_kind import FailureKind
from .interpreter_env import InterpreterEnv
from .interpreter_vector_env import InterpreterVectorEnv
from .missing_extra_error import MissingExtraError
from .task import Task, TaskMetadata
from .task_set import TaskSet, UnknownTaskSetError
from .turn_record import TurnRecord

__all__ = [
    "AsyncInterpreterEnv",
    "ConfigError",
    "EndReason",
    "EnvConfig",
    "EpisodeOverError",
    "FailureKind",
    "InterpreterEnv",
    "InterpreterVectorEnv",
    "MissingExtraError",
    "ResetResult",
    "StepResult",
    "Task",
    "TaskMetadata",
    "TaskSet",
    "TurnRecord",
    "UnknownTaskError",
    "UnknownTaskSetError",
]
