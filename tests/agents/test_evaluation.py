import asyncio
from pathlib import Path

import pytest

from replgym.agents.evaluation.evaluation import EvaluationError, evaluate
from replgym.agents.evaluation.evaluation_summary import EvaluationSummary
from replgym.agents.policies.policy import PolicyContext, PolicyError
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.envs.env_config import EnvConfig
from replgym.envs.task_set import TaskSet

ENV = EnvConfig(action_format="fenced", max_turns=2)
TASKS = TaskSet.load("blackbox", split="heldout", levels=(1,), size=4)
WRONG = "```python\nsubmit('def solution(x): return None')\n```"


async def test_failures_are_kept_apart_from_wrong_answers(tmp_path: Path) -> None:
    broken = TASKS[0].id

    def script(context: PolicyContext) -> str:
        raise PolicyError("engine is down")

    seen: list[Episode] = []
    policy = _PerTask({broken: ScriptedPolicy(script)}, ScriptedPolicy([WRONG]))
    with EpisodeLog(tmp_path / "log.jsonl") as log:
        summary = await evaluate(
            TASKS,
            policy,
            env_config=ENV,
            samples=2,
            concurrency=4,
            log=log,
            on_episode=seen.append,
            info={"split": "x"},
        )
    assert (summary.episodes, summary.scored, summary.solved) == (8, 6, 0)
    assert summary.failures == {"policy": 2}
    assert summary.stops == {"submitted": 6}
    assert summary.pass_at_1 == 0.0
    assert summary.mean_turns == 1.0
    logged = list(read_episodes(log.path))
    assert logged == seen
    assert {(e.task_id, e.sample) for e in logged} == {(t.id, n) for t in TASKS for n in (0, 1)}
    for episode in logged:
        assert (episode.failure is Failure.POLICY) == (episode.task_id == broken) == (episode.reward is None)
        assert episode.info == {"difficulty": "level-1", "split": "x"}
        assert episode.group == episode.task_id


async def test_finished_episodes_are_not_played_again() -> None:
    first: list[Episode] = []
    policy = ScriptedPolicy([WRONG])
    await evaluate(TASKS.take(3), policy, env_config=ENV, on_episode=first.append)
    again: list[Episode] = []
    summary = await evaluate(
        TASKS, policy, env_config=ENV, samples=2, finished=first, on_episode=again.append
    )
    assert len(again) == 5
    assert (summary.episodes, len(summary.tasks)) == (8, 4)


async def test_piled_up_failures_stop_the_evaluation() -> None:
    def script(context: PolicyContext) -> str:
        raise PolicyError("engine is down")

    seen: list[Episode] = []
    with pytest.raises(EvaluationError, match="engine is down"):
        await evaluate(
            TASKS, ScriptedPolicy(script), env_config=ENV, samples=50, concurrency=2, on_episode=seen.append
        )
    assert 8 <= len(seen) < 20


async def test_it_can_be_cancelled_and_never_plays_more_than_allowed_at_once() -> None:
    policy = _Counting()
    job = asyncio.create_task(evaluate(TASKS, policy, env_config=ENV, samples=5, concurrency=3))
    await asyncio.wait_for(policy.full.wait(), 120)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert policy.most == 3


@pytest.mark.parametrize("name", ["samples", "concurrency"])
async def test_impossible_numbers_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0"):
        await evaluate(TASKS, ScriptedPolicy([WRONG]), env_config=ENV, **{name: 0})


def test_a_summary_of_nothing_knows_nothing() -> None:
    summary = EvaluationSummary.of([])
    assert (summary.pass_at_1, summary.interval, summary.pass_at_k) == (None, None, {})


def test_sets_that_share_ids_are_told_apart() -> None:
    played = [
        Episode(
            id=label,
            task_id="HumanEval/0",
            policy="m",
            messages=(),
            stop=StopReason.SUBMITTED,
            reward=0.0,
            info={"set": label},
        )
        for label in ("humaneval", "humaneval+")
    ]
    tasks = EvaluationSummary.of(played).tasks
    assert [(task.task_id, task.scored) for task in tasks] == [
        ("humaneval: HumanEval/0", 1),
        ("humaneval+: HumanEval/0", 1),
    ]
    assert [task.task_id for task in EvaluationSummary.of(played[:1]).tasks] == ["HumanEval/0"]


class _PerTask:
    name = "per task"

    def __init__(self, special: dict[str, ScriptedPolicy], other: ScriptedPolicy) -> None:
        self._special, self._other = special, other

    def for_task(self, task, sample):
        return self._special.get(task.id, self._other)


class _Counting:
    name = "counting"
    template = None

    def __init__(self) -> None:
        self.now = self.most = 0
        self.full = asyncio.Event()

    async def __call__(self, context, sampling):
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == 3:
            self.full.set()
        await asyncio.Event().wait()
