"""All data sets, by the name that commands and settings use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .code_r1 import CODE_R1
from .evalplus import HUMANEVAL_PLUS, MBPP_PLUS
from .exercism import EXERCISM
from .gsm8k import GSM8K
from .humaneval import HUMANEVAL
from .kodcode import KODCODE
from .leetcode import LEETCODE
from .mbpp import MBPP, MBPP_SANITIZED
from .reasoning_gym import REASONING_GYM
from .task_files import TASK_FILES
from .task_source import TaskSource

_ALL: tuple[TaskSource, ...] = (
    CODE_R1,
    EXERCISM,
    GSM8K,
    HUMANEVAL,
    HUMANEVAL_PLUS,
    KODCODE,
    LEETCODE,
    MBPP,
    MBPP_PLUS,
    MBPP_SANITIZED,
    REASONING_GYM,
    TASK_FILES,
)
TASK_SOURCES: Mapping[str, TaskSource] = MappingProxyType({source.name: source for source in _ALL})
"""Name -> data set."""
