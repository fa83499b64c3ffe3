"""A reward function for verl's own loops, which have no environment: code in the answer, judged, scored.

In verl: `reward.custom_reward_function.path=pkg://replgym.agents.verl_adapter.reward_function`,
`name=compute_score` and, as `reward_kwargs`, `extraction`, `rubric`, `time_limit` and `allow_unproven`. Rows
may hold our tests or the ground truth of Code-R1 and its forks. A fault of the machine is raised, after
retries: it is no wrong answer.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ...envs.task_sources.ground_truth import read_ground_truth
from ...envs.task_sources.raw_row import RawRow
from ...rewards.code_extraction import extract_code
from ...rewards.episode_facts import EpisodeFacts, TurnFacts
from ...rewards.judge import Judge
from ...rewards.rubric import Rubric
from ...rewards.tests import Language, StdioTests, Tests
from .task_rows import task_of_row

_SECONDS = 30.0


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    *,
    extraction: str = "last-block",
    rubric: str | Mapping[str, Any] = "all-pass",
    time_limit: float | None = None,
    allow_unproven: bool = False,
    **_: Any,
) -> dict[str, float]:
    """Scores one response.

    Args:
        data_source: verl's; not used.
        solution_str: The response.
        ground_truth: The tests, as JSON text.
        extra_info: verl's; its `task` tells the time limit.
        extraction: How the program is found in the response, a name in `CODE_EXTRACTIONS`.
        rubric: How the verdict is scored, as configurations write it.
        time_limit: Seconds for all tests; by default the task's own, or 30.
        allow_unproven: Whether a test may pass that nothing proves from outside; a policy could learn that.

    Returns:
        `score`, and `acc`, which is 1 when all tests passed.

    Raises:
        JudgeError, RowError: If the machine failed, or the tests cannot be read.
    """
    tests = read_ground_truth(RawRow({"ground_truth": ground_truth}))
    source = extract_code(extraction, solution_str, language=_language_of(tests))
    verdict = None
    if source is not None:
        seconds = time_limit or _own_limit(ground_truth, extra_info)
        verdict = await _judge(allow_unproven).grade(tests, source, time_limit=seconds)
    turn = TurnFacts(text=solution_str, answered=source is not None)
    facts = EpisodeFacts(verdict, source, (turn,), 1, truncated=source is None)
    return {"score": Rubric.of(rubric).score(facts).total, "acc": float(bool(verdict and verdict.passed))}


def _language_of(tests: Tests) -> Language:
    return tests.language if isinstance(tests, StdioTests) else Language.PYTHON


def _own_limit(ground_truth: str, extra_info: Mapping[str, Any] | None) -> float:
    if not extra_info or not extra_info.get("task"):
        return _SECONDS
    row = {"reward_model": {"ground_truth": ground_truth}, "extra_info": extra_info}
    return task_of_row(row).metadata.time_limit


@functools.cache
def _judge(allow_unproven: bool) -> Judge:
    """The judge of this process, which lives as long as it does."""
    return Judge(allow_unproven=allow_unproven)
