"""All data sets, by the name that commands and settings use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .humaneval import HUMANEVAL
from .task_source import TaskSource

_ALL: tuple[TaskSource, ...] = (HUMANEVAL,)
TASK_SOURCES: Mapping[str, TaskSource] = MappingProxyType({source.name: source for source in _ALL})
"""Name -> data set."""
