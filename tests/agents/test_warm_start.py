from __future__ import annotations

from typing import Any

import pytest
import torch

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.expert_policy import ExpertPolicy, next_cell
from replgym.agents.policies.novice_policy import NovicePolicy
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.tokens.branch import Branch
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.agents.training.train_config import WarmStartConfig
from replgym.agents.training.warm_start import branch_of, train
from replgym.envs import AsyncInterpreterEnv, EnvConfig, TaskSet
from replgym.tools.formats.action_formats import make_parser

from .tiny_models import Typed, random_model

ENV = EnvConfig(action_format="fenced")
PARSER = make_parser("fenced")


def render(text: str) -> dict[str, str]:
    return PARSER.observations([text])[0]


@pytest.fixture(scope="module")
def demonstrations() -> list[Episode]:
    import asyncio

    episodes: list[Episode] = []
    tasks = TaskSet.load("blackbox", levels=(1,), size=4, seed=3)

    async def play() -> None:
        for policy in (ExpertPolicy(), NovicePolicy(1)):
            await evaluate(tasks, policy, env_config=ENV, concurrency=4, on_episode=episodes.append)

    asyncio.run(play())
    return episodes


@pytest.fixture
def branches(demonstrations: list[Episode], template: ChatTemplate) -> list[Branch]:
    made = [branch_of(episode, template, render) for episode in demonstrations]
    return [branch for branch in made if branch is not None]


def losses(model: Any, branches: list[Branch], tokenizer: Any, **settings: Any) -> list[float]:
    reported: list[float] = []
    train(
        model,
        branches,
        WarmStartConfig(**settings),
        pad=tokenizer.pad_token_id,
        seed=0,
        report=lambda step, loss: reported.append(loss),
    )
    return reported


async def test_a_demonstration_has_the_ids_that_a_rollout_feeds(template: ChatTemplate) -> None:
    tasks = TaskSet.load("blackbox", levels=(1, 2, 3), size=3, seed=5)
    policy = Typed(template, lambda messages: f"```python\n{next_cell(messages)}\n```")
    async with AsyncInterpreterEnv(ENV) as env:
        for task in tasks:
            played = await rollout(env, policy, task=task)
            (fed,) = played.branches
            shown = branch_of(await rollout(env, ExpertPolicy(), task=task), template, render)
            assert shown is not None
            assert (shown.prompt_ids, shown.response_ids) == (fed.prompt_ids, fed.response_ids)
            assert shown.response_mask == fed.response_mask
            assert not shown.exact


def test_an_episode_without_turns_teaches_nothing(
    demonstrations: list[Episode], template: ChatTemplate
) -> None:
    assert branch_of(demonstrations[0].model_copy(update={"turns": ()}), template, render) is None


def test_eight_episodes_can_be_learnt_by_heart(branches: list[Branch], tokenizer: Any) -> None:
    model = random_model(tokenizer, seed=0)
    reported = losses(model, branches, tokenizer, epochs=40, batch_size=8, learning_rate=2e-2)
    assert len(reported) == 40
    assert reported[0] > 3
    assert reported[-1] < 0.6
    assert not model.training


def test_loss_is_taken_from_sampled_tokens_alone(branches: list[Branch], tokenizer: Any) -> None:
    """The last observation is no input to any sampled token before it, so that its ids must not matter."""
    branch = max(branches, key=lambda each: len(each.response_ids))
    observation = 10
    longer = branch.model_copy(
        update={
            "response_ids": branch.response_ids + (5,) * observation,
            "response_mask": branch.response_mask + (0,) * observation,
            "logprobs": (),
        }
    )
    other = longer.model_copy(update={"response_ids": branch.response_ids + (7,) * observation})
    first = [
        losses(random_model(tokenizer, 0), [each], tokenizer, epochs=1, batch_size=1)[0]
        for each in (branch, longer, other)
    ]
    assert first == pytest.approx([first[0]] * 3, abs=1e-5)
    model = random_model(tokenizer, 0)
    ids = torch.tensor([branch.prompt_ids + branch.response_ids])
    with torch.no_grad():
        table = torch.log_softmax(model(input_ids=ids).logits[0, :-1], dim=-1)
    picked = table.gather(1, ids[0, 1:].unsqueeze(1)).squeeze(1)[len(branch.prompt_ids) - 1 :]
    mask = torch.tensor(branch.response_mask, dtype=torch.bool)
    assert first[0] == pytest.approx(-picked[mask].mean().item(), abs=1e-4)


def test_padding_does_not_change_the_loss(branches: list[Branch], tokenizer: Any) -> None:
    """The loss of a batch is the mean over the tokens of all its samples."""
    short, long = (pick(branches, key=lambda each: len(each.response_ids)) for pick in (min, max))

    def first(batch: list[Branch]) -> float:
        return losses(random_model(tokenizer, 0), batch, tokenizer, epochs=1, batch_size=2)[0]

    tokens = [sum(each.response_mask) for each in (short, long)]
    apart = (first([short]) * tokens[0] + first([long]) * tokens[1]) / sum(tokens)
    assert first([short, long]) == pytest.approx(apart, abs=1e-4)


def test_a_seed_fixes_the_training(branches: list[Branch], tokenizer: Any) -> None:
    runs = [losses(random_model(tokenizer, 0), branches, tokenizer, epochs=2, batch_size=3) for _ in range(2)]
    assert runs[0] == pytest.approx(runs[1], abs=1e-4)
