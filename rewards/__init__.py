"""Hidden tests, the judge that runs them out of the agent's reach, and rubrics over its verdicts."""

from .codec import CodecError
from .fork_launcher import ForkLauncher
from .judge import Judge
from .judge_limits import JudgeLimits
from .process_launcher import LaunchedProcess, ProcessLauncher
from .rubric import BUILT_IN_REWARDS, RewardBreakdown, RewardFunction, Rubric, Submission
from .spawn_launcher import SpawnLauncher
from .tests import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    Language,
    PytestTests,
    StdioCase,
    StdioTests,
    Tests,
    UnittestTests,
)
from .verdict import JudgeError, Outcome, Placement, TestOutcome, Verdict

__all__ = [
    "BUILT_IN_REWARDS",
    "AssertTests",
    "CallCase",
    "CallTests",
    "CheckTests",
    "CodecError",
    "ForkLauncher",
    "Judge",
    "JudgeError",
    "JudgeLimits",
    "Language",
    "LaunchedProcess",
    "Outcome",
    "Placement",
    "ProcessLauncher",
    "PytestTests",
    "RewardBreakdown",
    "RewardFunction",
    "Rubric",
    "SpawnLauncher",
    "StdioCase",
    "StdioTests",
    "Submission",
    "TestOutcome",
    "Tests",
    "UnittestTests",
    "Verdict",
]
