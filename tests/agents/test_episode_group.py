"""Advantages of a group, against those of verl."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.episode_group import EpisodeGroup

REWARDS = st.integers(-64, 64).map(lambda n: n / 16)  # exact in verl's single precision
MEMBERS = st.lists(st.none() | REWARDS, min_size=1, max_size=12)


def episode(reward: float | None, group: str = "g", task: str = "t") -> Episode:
    """A scored episode, or one that failed."""
    failure = Failure.KERNEL if reward is None else None
    stop = StopReason.FAILURE if failure else StopReason.SUBMITTED
    return Episode(
        id="e", task_id=task, group=group, policy="p", messages=(), reward=reward, failure=failure, stop=stop
    )


def of_verl(rewards: list[float], groups: list[str], scaled: bool) -> list[float]:
    """What verl gives each response of three tokens whose reward stands at the last one."""
    tokens = torch.zeros(len(rewards), 3)
    tokens[:, 2] = torch.tensor(rewards)
    mask = torch.ones(len(rewards), 3)
    found, _ = compute_grpo_outcome_advantage(
        tokens, mask, np.array(groups, dtype=object), norm_adv_by_std_in_grpo=scaled
    )
    assert (found[:, 0] == found[:, 2]).all()
    return [float(value) for value in found[:, 0]]


@given(st.lists(MEMBERS, min_size=1, max_size=4), st.booleans())
def test_advantages_are_those_of_verl_without_the_failed(
    groups: list[list[float | None]], scaled: bool
) -> None:
    named = [(str(name), reward) for name, rewards in enumerate(groups) for reward in rewards]
    mine: dict[str, list[float]] = {}
    for group in EpisodeGroup.of([episode(reward, name) for name, reward in named]):
        advantages = group.advantages(scaled=scaled)
        assert [a is None for a in advantages] == [e.failure is not None for e in group.episodes]
        mine[group.name] = [a for a in advantages if a is not None]
    known = [(name, reward) for name, reward in named if reward is not None]
    if known:
        theirs = of_verl([reward for _, reward in known], [name for name, _ in known], scaled)
        ours = [mine[name].pop(0) for name, _ in known]
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4)


@given(MEMBERS, st.floats(0.5, 4), REWARDS, st.booleans())
def test_shifts_and_failures_change_nothing(
    rewards: list[float | None], factor: float, shift: float, scaled: bool
) -> None:
    group = EpisodeGroup("g", tuple(map(episode, rewards)))
    known = [a for a in group.advantages(scaled=scaled) if a is not None]
    without = EpisodeGroup("g", tuple(episode(r) for r in rewards if r is not None))
    assert list(without.advantages(scaled=scaled)) == known
    if len(known) > 1:
        assert sum(known) == pytest.approx(0, abs=1e-6)
        moved = EpisodeGroup("g", tuple(changed(r, lambda value: value + shift) for r in rewards))
        assert [a for a in moved.advantages(scaled=scaled) if a is not None] == pytest.approx(known, abs=1e-6)
        stretched = EpisodeGroup("g", tuple(changed(r, lambda value: value * factor) for r in rewards))
        times = [a for a in stretched.advantages(scaled=scaled) if a is not None]
        assert times == pytest.approx([a * (1 if scaled else factor) for a in known], rel=1e-4, abs=1e-4)


def changed(reward: float | None, change) -> Episode:
    return episode(None if reward is None else change(reward))


def test_equal_rewards_are_worth_nothing_and_one_sample_its_reward() -> None:
    assert EpisodeGroup("g", tuple(map(episode, [0.1, None, 0.1, 0.1]))).advantages() == (0.0, None, 0.0, 0.0)
    assert EpisodeGroup("g", (episode(0.5), episode(None))).advantages(scaled=False) == (0.5, None)
    assert EpisodeGroup("g", (episode(None),)).advantages() == (None,)


def test_groups_have_a_name_or_that_of_their_task() -> None:
    groups = EpisodeGroup.of([episode(1, ""), episode(0, "x"), episode(None, ""), episode(1, "", task="u")])
    assert [(group.name, group.rewards) for group in groups] == [("t", (1, None)), ("x", (0,)), ("u", (1,))]
