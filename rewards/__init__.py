"""Hidden tests, the judge that runs them out of the agent's reach, and rubrics over its verdicts."""

from .code_extraction import CODE_EXTRACTIONS, UnknownCodeExtractionError, extract_code
from .conversation.codec import CodecError
from .episode_facts import CallFacts, EpisodeFacts, TokenFacts, TurnFacts
from .judge import Judge
from .judge_limits import JudgeLimits
from .presets import PRESETS
from .quality import Quality, QualityBand
from .reward import Reward, RewardError, RewardFunction
from .reward_functions import REWARDS
from .rubric import RewardBreakdown, Rubric
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
from .verdict import BrokenTaskError, JudgeError, Outcome, Placement, TestOutcome, Verdict

__all__ = [
    "CODE_EXTRACTIONS",
    "PRESETS",
    "REWARDS",
    "AssertTests",
    "BrokenTaskError",
    "CallCase",
    "CallFacts",
    "CallTests",
    "CheckTests",
    "CodecError",
    "EpisodeFacts",
    "Judge",
    "JudgeError",
    "JudgeLimits",
    "Language",
    "Outcome",
    "Placement",
    "PytestTests",
    "Quality",
    "QualityBand",
    "Reward",
    "RewardBreakdown",
    "RewardError",
    "RewardFunction",
    "Rubric",
    "StdioCase",
    "StdioTests",
    "TestOutcome",
    "Tests",
    "TokenFacts",
    "TurnFacts",
    "UnittestTests",
    "UnknownCodeExtractionError",
    "Verdict",
    "extract_code",
]
