"""A problem to solve: what the model is told, and the hidden tests that judge its submission.

A task is plain data, so that it travels through JSONL, parquet and process borders unchanged.
"""

from __future__ import annotations

import datetime

from pydantic import BaseModel, ConfigDict, Field

from ..rewards.tests import Tests
from .hidden_world import HiddenWorld


class TaskMetadata(BaseModel):
    """What is known about a task beside its text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    difficulty: str = "unknown"
    tags: tuple[str, ...] = ()
    time_limit: float = Field(default=10.0, gt=0)
    """Seconds for all tests of one submission."""
    memory_limit: int | None = Field(default=None, gt=0)
    """Bytes that the task's author allows; None where that is not known."""
    date: datetime.date | None = None
    """When the task was published; None where that is not known."""


class Task(BaseModel):
    """One task of a task set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    prompt: str
    tests: Tests
    metadata: TaskMetadata
    reference: str | None = None
    """Source of a solution that passes, where one is known; never shown to a policy."""
    wrong: tuple[str, ...] = ()
    """Sources known to be wrong, where there are some: what the tests are worth; never shown to a policy."""
    world: HiddenWorld | None = None
    """What the episode's interpreter can ask the host; None for tasks without a hidden side."""
