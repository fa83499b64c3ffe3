"""verl's own reward worker around our reward manager."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import torch
from hydra import compose, initialize_config_module
from verl import DataProto
from verl.experimental.reward_loop.reward_loop import RewardLoopWorker

from replgym.agents.verl_adapter import judge_reward_manager, reward_function
from replgym.rewards import JudgeError

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRUTH = json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]})
RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
BROKEN = json.dumps({"kind": "check", "entry_point": "f", "source": "def ("})


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def judge() -> AsyncIterator[None]:
    """That of this process, closed at the end; a verl worker keeps it as long as it lives."""
    yield
    await reward_function._judge(False).close()
    reward_function._judge.cache_clear()


def worker(model: Path, *overrides: str) -> RewardLoopWorker:
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose(
            "ppo_trainer",
            [
                f"actor_rollout_ref.model.path={model}",
                "reward.reward_manager.source=importlib",
                "reward.reward_manager.name=JudgeRewardManager",
                "reward.reward_manager.module.path=pkg://replgym.agents.verl_adapter.judge_reward_manager",
                *overrides,
            ],
        )
    return RewardLoopWorker(config)


def response(tokenizer: Any, *texts: str, truth: str = TRUTH, ended: bool = True) -> DataProto:
    """One trajectory as verl hands it on, padded: messages of the model and, in between, of others."""
    ids = [one for text in texts for one in [*tokenizer.encode(text), tokenizer.eos_token_id]]
    ids = torch.tensor([ids if ended else ids[:-1]])
    padded = torch.nn.functional.pad(ids, (0, 7), value=tokenizer.pad_token_id)
    mask = torch.nn.functional.pad(torch.ones_like(ids), (3, 7))
    columns = {"data_source": "x", "reward_model": {"ground_truth": truth}, "extra_info": {"index": 1}}
    return DataProto.from_dict(
        tensors={"prompts": torch.zeros(1, 3, dtype=torch.long), "responses": padded, "attention_mask": mask},
        non_tensors={name: np.array([value], dtype=object) for name, value in columns.items()},
    )


async def test_the_last_message_of_the_model_is_scored(tiny_folder: Path, tokenizer: Any) -> None:
    scored = worker(tiny_folder)
    cases = [
        (response(tokenizer, RIGHT), 1.0),
        (response(tokenizer, RIGHT, ended=False), 1.0),
        (response(tokenizer, WRONG), 0.0),
        (response(tokenizer, "Let me try.", f"output:\n{RIGHT}", "I give up."), 0.0),
        (response(tokenizer, WRONG, "output: 4", RIGHT), 1.0),
        (response(tokenizer, RIGHT, "output: 3", "", ended=False), 0.0),
    ]
    made = await asyncio.gather(*(scored.compute_score(data) for data, _ in cases))
    assert [one["reward_score"] for one in made] == [score for _, score in cases]
    assert {tuple(one["reward_extra_info"]) for one in made} == {("score", "acc")}
    assert [one["reward_extra_info"]["acc"] for one in made] == [score for _, score in cases]


async def test_a_run_chooses_how_answers_are_scored(tiny_folder: Path, tokenizer: Any) -> None:
    kwargs = "+reward.reward_kwargs."
    scored = worker(tiny_folder, f"{kwargs}rubric=code-r1", f"{kwargs}extraction=answer-tag")
    right = await scored.compute_score(response(tokenizer, f"<think>Add.</think>\n<answer>{RIGHT}</answer>"))
    assert right["reward_score"] == 1.1
    assert (await scored.compute_score(response(tokenizer, RIGHT)))["reward_score"] == -1.1


async def test_a_fault_of_the_machine_is_no_score(tiny_folder: Path, tokenizer: Any) -> None:
    with pytest.raises(JudgeError):
        await worker(tiny_folder).compute_score(response(tokenizer, RIGHT, truth=BROKEN))


async def test_so_many_responses_are_scored_at_once(
    tiny_folder: Path, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = most = 0

    async def slow(*_: Any, **__: Any) -> dict[str, float]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return {"score": 1.0, "acc": 1.0}

    monkeypatch.setattr(judge_reward_manager, "compute_score", slow)
    scored = worker(tiny_folder, "+reward.reward_kwargs.concurrency=3")
    await asyncio.gather(*(scored.compute_score(response(tokenizer, RIGHT)) for _ in range(12)))
    assert most == 3


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("+reward.reward_kwargs.rubrik=x", r"reward\.reward_kwargs\.rubrik is unknown; use: extraction, "),
        ("+reward.reward_kwargs.concurrency=0", r"reward\.reward_kwargs\.concurrency=0 is not allowed"),
        (
            "reward.custom_reward_function.path=pkg://replgym.agents.verl_adapter.reward_function",
            "JudgeRewardManager calls none",
        ),
    ],
)
async def test_wrong_settings_are_told_in_one_line(tiny_folder: Path, override: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        worker(tiny_folder, override)
    assert "\n" not in str(caught.value)
