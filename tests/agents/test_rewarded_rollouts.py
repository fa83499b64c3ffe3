"""What rewards learn from a rollout that the environment alone does not know."""

from __future__ import annotations

from typing import Any

import pytest

from replgym.agents.evaluation.evaluation_summary import EvaluationSummary
from replgym.agents.policies.policy import Completion, Policy, PolicyContext, Sampling
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.report.tables import quality_table
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge, Outcome, TestOutcome, Verdict

from .tiny_models import Typed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
ANSWER = "```python\ndef solution(x):\n    return 7 * x - 3\n```"
CELL = "```python\nprint('12 ' * 40)\n```"


async def played(
    pool: KernelPool, judge: Judge, policy: Policy, limits: RolloutLimits, **settings: Any
) -> Episode:
    async with AsyncInterpreterEnv(EnvConfig(**settings), pool=pool, judge=judge) as env:
        return await rollout(env, policy, task=TASK, limits=limits)


class Counting:
    """Sees text, counts tokens as an endpoint does, and was cut off."""

    name, template = "counting", None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        return Completion(text=ANSWER, finish_reason="length", completion_tokens=90)


async def test_observations_count_for_the_length_of_an_exact_response(
    pool: KernelPool, judge: Judge, template: ChatTemplate
) -> None:
    policy = Typed(template, lambda _: CELL)
    settings = {"action_format": "fenced", "max_turns": 2, "rubric": {"overlong": {"buffer": 100}}}
    free = await played(pool, judge, policy, RolloutLimits(response_tokens=4000), **settings)
    length = len(free.branches[0].response_ids)
    assert free.reward == 0.0
    episode = await played(pool, judge, policy, RolloutLimits(response_tokens=length + 50), **settings)
    assert (episode.stop, episode.reward) == (StopReason.TURN_LIMIT, -0.5)


async def test_an_endpoints_counts_are_enough(pool: KernelPool, judge: Judge) -> None:
    settings = {"tools": (), "code_extraction": "last-block", "rubric": "dapo"}
    episode = await played(pool, judge, Counting(), RolloutLimits(response_tokens=100), **settings)
    assert episode.reward_parts == {"right-or-wrong": 1.0, "overlong": -0.5}
    silent = await played(pool, judge, ScriptedPolicy([ANSWER]), RolloutLimits(), **settings)
    assert (silent.failure, silent.reward) == (Failure.INTERNAL, None)
    assert "'overlong' needs the number of tokens" in silent.failure_message


async def test_an_answer_that_was_cut_off_did_not_end_by_itself(pool: KernelPool, judge: Judge) -> None:
    tagged = f"<think></think>\n<answer>\n{ANSWER}\n</answer>"

    class Ending:
        name, template = "ending", None

        def __init__(self, reason: str) -> None:
            self._reason = reason

        async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
            return Completion(text=tagged, finish_reason=self._reason)

    rubric = {"preset": {"name": "xcoder", "distilled": False}}
    settings = {"tools": (), "code_extraction": "answer-tag", "rubric": rubric}
    for reason, reward in (("stop", 6.0), ("length", 4.0)):
        episode = await played(pool, judge, Ending(reason), RolloutLimits(), **settings)
        assert episode.reward == reward


@pytest.mark.parametrize("limits", [RolloutLimits(response_tokens=30), RolloutLimits(prompt_tokens=20)])
async def test_an_episode_without_tokens_left_is_scored_by_its_rubric(
    pool: KernelPool, judge: Judge, template: ChatTemplate, limits: RolloutLimits
) -> None:
    settings = {"action_format": "fenced", "rubric": "code-r1"}
    episode = await played(pool, judge, Typed(template, lambda _: CELL), limits, **settings)
    assert (episode.stop, episode.failure, episode.reward) == (StopReason.TOKEN_LIMIT, None, -1.1)
    assert episode.reward_parts == {"code-r1": -1.1}
    assert pool.stats().acquired == 0


async def test_void_turns_are_recorded(pool: KernelPool, judge: Judge) -> None:
    script = ScriptedPolicy(["Hm.", CELL, "I give up."])
    episode = await played(pool, judge, script, RolloutLimits(), action_format="fenced", max_turns=3)
    assert [turn.void for turn in episode.turns] == [True, False, True]
    assert episode.void_turns == 2
    assert Episode.model_validate_json(episode.model_dump_json()) == episode


async def test_a_summary_tells_the_quality_at_every_difficulty() -> None:
    def episode(difficulty: str, passed: int, failure: Failure | None = None) -> Episode:
        outcomes = [Outcome.PASSED] * passed + [Outcome.TIMEOUT] * (4 - passed)
        verdict = Verdict(tuple(TestOutcome(f"test_{n}", outcome) for n, outcome in enumerate(outcomes)))
        return Episode(
            id="e",
            task_id=f"set/{difficulty}",
            policy="p",
            messages=(),
            verdict=verdict if passed else None,
            stop=StopReason.SUBMITTED,
            failure=failure,
            info={"difficulty": difficulty},
        )

    episodes = [episode("hard", 0), episode("easy", 4), episode("easy", 3), episode("hard", 1)]
    summary = EvaluationSummary.of([*episodes, episode("easy", 4, Failure.JUDGE)])
    assert list(summary.difficulties) == ["easy", "hard"]
    easy, hard = summary.difficulties.values()
    assert (easy.count, easy.solved, easy.mean_fraction) == (2, 1, 0.875)
    assert (hard.count, hard.solved, hard.mean_fraction) == (2, 0, 0.125)
    assert list(summary.quality.bands.values()) == [1, 1, 0, 1, 1]
    assert EvaluationSummary.model_validate_json(summary.model_dump_json()) == summary
    table = quality_table(summary)
    assert [list(column.cells) for column in table.columns][:3] == [
        ["easy", "hard", "all"],
        ["1/2", "0/2", "1/4"],
        ["87.5 %", "12.5 %", "50 %"],
    ]
