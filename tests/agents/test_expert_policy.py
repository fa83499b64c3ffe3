import pytest

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.expert_policy import ExpertPolicy, next_cell
from replgym.agents.policies.novice_policy import NovicePolicy
from replgym.agents.policies.policy import PolicyError
from replgym.envs.env_config import EnvConfig
from replgym.envs.task_set import TaskSet


@pytest.mark.parametrize(
    ("mode", "split", "size"),
    [("stateful", "heldout", 105), ("stateful", "train", 25), ("stateless", "heldout", 60)],
)
async def test_the_expert_solves_every_level_through_the_environment(
    mode: str, split: str, size: int
) -> None:
    tasks = TaskSet.load("blackbox", split=split, levels=(1, 2, 3, 4, 5), size=size, seed=7)
    config = EnvConfig(action_format="fenced", mode=mode)
    summary = await evaluate(tasks, ExpertPolicy(), env_config=config, concurrency=16, seed=0)
    assert summary.failures == {}
    assert [task.task_id for task in summary.tasks if not task.solved] == []
    assert summary.scored == size


@pytest.mark.parametrize("mode", ["no-tool", "stateless", "stateful"])
async def test_the_novice_plays_to_the_end_in_every_mode_and_seldom_solves(mode: str) -> None:
    tasks = TaskSet.load("blackbox", split="train", levels=(1, 2, 3), size=45, seed=3)
    config = EnvConfig(action_format="fenced", mode=mode)
    summary = await evaluate(tasks, NovicePolicy(2), env_config=config, concurrency=16, seed=0)
    assert summary.failures == {}
    assert summary.parse_errors == 0
    assert summary.stops["submitted"] >= 35
    assert summary.solved <= 15


async def test_without_an_interpreter_the_expert_can_but_guess() -> None:
    tasks = TaskSet.load("blackbox", split="heldout", levels=(1, 2, 3), size=12, seed=7)
    config = EnvConfig(action_format="fenced", mode="no-tool")
    summary = await evaluate(tasks, ExpertPolicy(), env_config=config, concurrency=4, seed=0)
    assert (summary.stops, summary.solved) == ({"submitted": 12}, 0)


def test_it_reads_the_messages_alone() -> None:
    prompt = {"role": "user", "content": "Find the hidden function f. f(0) is a key ... is the treasure t."}
    start = {"role": "assistant", "content": "```python\nk = f(0)\nprint(k)\n```"}
    assert next_cell([prompt]) == "k = f(0)\nprint(k)"
    on = [prompt, start, {"role": "user", "content": "```output\n31\n```"}]
    assert next_cell(on) == "k = f(k)\nprint(k)"
    found = [prompt, start, {"role": "user", "content": "```output\n131\n```"}]
    assert next_cell(found) == 'submit(f"def solution(x): return x + {k}")'


def test_other_tasks_are_refused() -> None:
    with pytest.raises(PolicyError, match="black-box tasks only"):
        next_cell([{"role": "user", "content": "Sort a list."}])
