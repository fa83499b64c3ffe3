"""Recipes by verl's real trainer on CPU; what it logs is computed again from the episodes that we saved."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from verl.trainer.ppo.core_algos import compute_gae_advantage_return, compute_grpo_outcome_advantage

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.transformers_policy import TransformersPolicy
from replgym.agents.rollouts.episode import Episode

from .verl_training import env_config, save_talking_model, tasks, train

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("verl trainer")]
STEPS = 2


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_talking_model(tmp_path_factory.mktemp("talking"))


def test_dapo_trains_on_groups_that_teach_something(talking: Path, tmp_path: Path) -> None:
    run = train(
        tmp_path,
        talking,
        STEPS,
        "algorithm.filter_groups=true",
        "algorithm.filter_metric=reward",
        "env.rubric={submitted: 1.0}",
    )
    assert len(run.metrics) == STEPS
    for step, metrics in enumerate(run.metrics, start=1):
        assert metrics["training/rollout_probs_diff_max"] < 1e-5
        batch = run.batch(step)
        rewards = batch.scores.sum(-1)
        groups = set(batch.groups)
        assert len(groups) == 2
        assert all(len(set(rewards[batch.groups == group].tolist())) > 1 for group in groups)
        played = {episode.group for episode in run.episodes(step)}
        dropped = metrics.get("training/filter_groups/evicted_samples", 0)
        surplus = metrics.get("training/filter_groups/discarded_surplus_samples", 0)
        assert len(played) == len(groups) + dropped + surplus
        advantages, _ = compute_grpo_outcome_advantage(batch.scores, batch.mask, batch.groups)
        assert advantages.abs().max() > 0.1
        assert metrics.items() >= batch.logged("critic/advantages", advantages).items()


def test_ppo_trains_a_critic_and_its_checkpoint_becomes_a_policy(talking: Path, tmp_path: Path) -> None:
    run = train(
        tmp_path / "run",
        talking,
        STEPS,
        "algorithm.estimator=gae",
        "algorithm.critic={learning_rate: 1.0e-3}",
        "algorithm.kl_loss=0.1",
        f"optimiser.save_every={STEPS}",
    )
    assert len(run.metrics) == STEPS
    for step, metrics in enumerate(run.metrics, start=1):
        assert metrics["training/rollout_probs_diff_max"] < 1e-5
        assert metrics["critic/grad_norm"] > 0
        assert math.isfinite(metrics["critic/vf_loss"])
        assert (metrics["actor/kl_loss"] > 1e-9) == (step > 1)  # the first policy is the reference
        batch = run.batch(step)
        values = batch.scores.new_zeros(batch.scores.shape)  # without discount they do not show in returns
        assert len(set(batch.scores.sum(-1).tolist())) > 1
        _, returns = compute_gae_advantage_return(batch.scores, values, batch.mask, 1.0, 1.0)
        assert metrics.items() >= batch.logged("critic/returns", returns).items()
    saved, merged = run.checkpoints / f"global_step_{STEPS}", tmp_path / "merged"
    merge(saved / "actor", merged)
    exported = load_file(saved / "actor" / "huggingface" / "model.safetensors")
    found = load_file(merged / "model.safetensors")
    assert found.keys() == exported.keys()
    start = load_file(talking / "model.safetensors")
    assert all(torch.equal(found[name], exported[name].to(found[name].dtype)) for name in found)
    assert not all(torch.equal(exported[name], start[name]) for name in start)
    assert all(episode.failure is None and episode.turns for episode in played_by(merged))


def merge(checkpoint: Path, target: Path) -> None:
    """As verl's manual says."""
    arguments = ["--backend", "fsdp", "--local_dir", str(checkpoint), "--target_dir", str(target)]
    subprocess.run([sys.executable, "-m", "verl.model_merger", "merge", *arguments], check=True, timeout=300)


def played_by(model: Path) -> list[Episode]:
    """Episodes of the model, as an evaluation plays them."""
    policy = TransformersPolicy.load(model)
    episodes: list[Episode] = []
    try:
        asyncio.run(evaluate(tasks(), policy, env_config=env_config(), on_episode=episodes.append))
    finally:
        policy.close()
    return episodes
