"""verl's real trainer against a real SGLang server: what it samples is what the trainer computes."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

from ..agents.verl_training import save_talking_model, train
from .real_servers import RealServers
from .reference_model import SIZE

STEPS = 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("verl trainer")
def test_grpo_by_verl_on_a_real_server(tmp_path: Path) -> None:
    model = save_talking_model(tmp_path / "model", SIZE)
    servers = RealServers(model, tmp_path)
    try:
        server = servers.get("sglang")
        run = train(
            tmp_path / "run",
            model,
            STEPS,
            "rollout.engine=sglang_http",
            f"rollout.urls=[{server.url}]",
            "algorithm.entropy_coefficient=0.05",  # weights move even where all rewards of a group are equal
        )
        with urllib.request.urlopen(f"{server.url}/model_info", timeout=30) as answer:
            version = json.load(answer)["weight_version"]
    finally:
        servers.close()
    assert version.endswith(f"-{STEPS}")
    assert list((tmp_path / "run" / "engine-weights").iterdir()) == []
    assert len(run.metrics) == STEPS
    for step, metrics in enumerate(run.metrics, start=1):
        assert 0 < metrics["training/rollout_probs_diff_max"] < 1e-5
        assert metrics["actor/grad_norm"] > 0
        episodes = run.episodes(step)
        assert len(episodes) == len(run.trained_on(step)) == 8
        assert {episode.failure for episode in episodes} == {None}
        batch = run.batch(step)
        advantages, _ = compute_grpo_outcome_advantage(batch.scores, batch.mask, batch.groups)
        assert metrics.items() >= batch.logged("critic/advantages", advantages).items()
