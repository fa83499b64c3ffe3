"""verl loads the reward function by name, and its own reward manager scores prepared rows with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import pytest_asyncio
import torch
from omegaconf import OmegaConf
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn

from replgym.agents.verl_adapter import reward_function
from replgym.agents.verl_adapter.names import SINGLE_TURN_AGENT
from replgym.agents.verl_adapter.task_rows import task_of_row
from replgym.envs import TaskSet
from replgym.envs.task_data.preparation import Preparation, PreparationOptions
from replgym.envs.task_data.prompt_style import PromptStyle
from replgym.envs.task_data.set_choice import SetChoice
from replgym.envs.task_data.verl_rows import GroundTruth
from replgym.rewards import BrokenTaskError

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "pkg://replgym.agents.verl_adapter.reward_function"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def judge() -> AsyncIterator[None]:
    """That of this process, closed at the end; a verl worker keeps it as long as it lives."""
    yield
    for allow_unproven in (False, True):
        await reward_function._judge(allow_unproven).close()
    reward_function._judge.cache_clear()


def scorer(**options: Any) -> Any:
    settings = {"path": PLACE, "name": "compute_score", "reward_kwargs": options}
    return get_custom_reward_fn(OmegaConf.create({"reward": {"custom_reward_function": settings}}))


def prepared_row(folder: Path, form: GroundTruth) -> dict[str, Any]:
    options = PreparationOptions(prompts=PromptStyle.THINK, ground_truth=form, sample=1)
    Preparation(folder, options, agent_name=SINGLE_TURN_AGENT).run([SetChoice.parse("humaneval")])
    (row,) = pyarrow.parquet.read_table(folder / "train.parquet").to_pylist()
    return row  # type: ignore[no-any-return]


@pytest.mark.parametrize("form", GroundTruth)
async def test_verls_reward_manager_scores_prepared_rows(
    form: GroundTruth, tmp_path: Path, tokenizer: Any
) -> None:
    row = prepared_row(tmp_path, form)
    reference = {task.id: task.reference for task in TaskSet.load("humaneval")}[task_of_row(row).id]
    manager = NaiveRewardManager(
        OmegaConf.create({}), tokenizer, scorer(extraction="answer-tag", rubric="code-r1")
    )
    scores = []
    for answer in (
        f"<think>Easy.</think>\n<answer>```python\n{reference}\n```</answer>",
        "<think>Hard.</think>\n<answer>```python\npass\n```</answer>",
        f"```python\n{reference}\n```",
    ):
        ids = torch.tensor([tokenizer.encode(answer, add_special_tokens=False)])
        data = DataProto.from_dict(
            tensors={"responses": ids, "attention_mask": torch.ones_like(ids)},
            non_tensors={
                key: np.array([row[key]], dtype=object)
                for key in ("data_source", "reward_model", "extra_info")
            },
        )
        result = await manager.run_single(data)
        scores.append((result["reward_score"], result["reward_extra_info"]["acc"]))
    assert scores == [(1.1, 1.0), (0.1, 0.0), (-1.1, 0.0)]


async def test_ground_truth_of_others_is_scored_too() -> None:
    truth = json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]})
    compute = scorer()
    right, wrong = "```python\nprint(sum(map(int, input().split())))\n```", "```python\nprint(4)\n```"
    assert await compute("taco", right, truth, extra_info={"index": 1}) == {"score": 1.0, "acc": 1.0}
    assert await compute("taco", wrong, truth) == {"score": 0.0, "acc": 0.0}
    assert await compute("taco", "no code at all", truth) == {"score": 0.0, "acc": 0.0}


async def test_broken_tests_are_no_wrong_answer() -> None:
    with pytest.raises(BrokenTaskError):
        await scorer()(
            "x", "```python\nx = 1\n```", json.dumps({"kind": "check", "entry_point": "f", "source": "def ("})
        )


async def test_what_nothing_proves_counts_by_choice_alone() -> None:
    test = "import os\ndef test_it():\n    assert two() is two()"
    truth, answer = (
        json.dumps({"pytest": f"from solution import two\n{test}"}),
        "```python\ntwo = lambda: None\n```",
    )
    assert (await scorer()("x", answer, truth))["acc"] == 0.0
    assert (await scorer(allow_unproven=True)("x", answer, truth))["acc"] == 1.0


async def test_rows_of_others_are_tasks() -> None:
    row = {
        "data_source": "code",
        "raw_prompt": np.array([{"role": "user", "content": "Halve x."}], dtype=object),
        "reward_model": {
            "style": "rule",
            "ground_truth": json.dumps({"pytest": "def test_it():\n    assert half(2) == 1"}),
        },
        "extra_info": {"index": 5, "split": "train"},
    }
    task = task_of_row(row)
    assert (task.id, task.prompt, task.tests.kind) == ("code/train-5", "Halve x.", "pytest")
