"""All data sets, by the name that commands and settings use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .apps import APPS
from .bigcodebench import BIGCODEBENCH, BIGCODEBENCH_HARD
from .code_contests import CODE_CONTESTS
from .code_r1 import CODE_R1
from .code_r1_build import CODE_R1_BUILD
from .common_oj import COMMON_OJ
from .cruxeval import CRUXEVAL
from .evalplus import HUMANEVAL_PLUS, MBPP_PLUS
from .exercism import EXERCISM
from .google_contests import GOOGLE_CONTESTS
from .gsm8k import GSM8K
from .humaneval import HUMANEVAL
from .klear import KLEAR_CODESUB
from .kodcode import KODCODE
from .leetcode import LEETCODE
from .livecodebench import LIVECODEBENCH
from .mbpp import MBPP, MBPP_SANITIZED
from .reasoning_gym import REASONING_GYM
from .taco import TACO, TACO_VERIFIED
from .task_files import TASK_FILES
from .task_source import TaskSource
from .verl_rows import VERL_CODER, VERL_SQA
from .xcoder_rl import XCODER_RL

_ALL: tuple[TaskSource, ...] = (
    APPS,
    BIGCODEBENCH,
    BIGCODEBENCH_HARD,
    CODE_CONTESTS,
    CODE_R1,
    CODE_R1_BUILD,
    COMMON_OJ,
    CRUXEVAL,
    EXERCISM,
    GOOGLE_CONTESTS,
    GSM8K,
    HUMANEVAL,
    HUMANEVAL_PLUS,
    KLEAR_CODESUB,
    KODCODE,
    LEETCODE,
    LIVECODEBENCH,
    MBPP,
    MBPP_PLUS,
    MBPP_SANITIZED,
    REASONING_GYM,
    TACO,
    TACO_VERIFIED,
    TASK_FILES,
    VERL_CODER,
    VERL_SQA,
    XCODER_RL,
)
TASK_SOURCES: Mapping[str, TaskSource] = MappingProxyType({source.name: source for source in _ALL})
"""Name -> data set."""
