"""verl's real replay buffer under ours; tasks come back at once, with rewards that a script says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from verl.trainer.ppo.v1 import replay_buffer

from replgym.agents.verl_adapter.bounded_replay_buffer import BoundedReplayBuffer

STEP, TASKS, MOST = 7, 2, 3
EQUAL, UNEQUAL, FAILED = (0.0, 0.0), (0.0, 1.0), ()


class Store:
    """As much of a TransferQueue as a replay buffer uses; each task is played as soon as it is drawn."""

    def __init__(self, outcomes: Callable[[int], tuple[float, ...]]) -> None:
        self._outcomes = outcomes
        self.drawn = 0
        self._tags: dict[str, dict[str, Any]] = {}
        self._rewards: dict[str, float] = {}

    def draw(self, tasks: int) -> None:
        for _ in range(tasks):
            uid, rewards = f"task{self.drawn}", self._outcomes(self.drawn)
            self.drawn += 1
            status = "finished" if rewards else "failure"
            self._tags[uid] = {"is_prompt": True, "status": status, "global_steps": STEP}
            for session, reward in enumerate(rewards):
                self._tags[f"{uid}_{session}_0"] = {"status": "success"}
                self._rewards[f"{uid}_{session}_0"] = reward

    def kv_list(self, *_: Any) -> dict[str, dict[str, Any]]:
        return {"train": dict(self._tags)}

    def kv_clear(self, keys: list[str], partition_id: str) -> None:
        for key in keys:
            self._tags.pop(key, None)

    def kv_batch_get(self, keys: list[str], select_fields: list[str], **_: Any) -> dict[str, Any]:
        if select_fields == ["rm_scores"]:
            return {"rm_scores": [torch.tensor([0.0, self._rewards[key]]) for key in keys]}
        return {"extra_fields": [{"reward_extra_info": {"acc": self._rewards[key]}} for key in keys]}


def sampled(
    monkeypatch: pytest.MonkeyPatch, outcomes: Callable[[int], tuple[float, ...]], metric: str | None
) -> tuple[Store, set[str], dict[str, Any]]:
    store = Store(outcomes)
    monkeypatch.setattr(replay_buffer, "tq", store)
    buffer = BoundedReplayBuffer(
        trainer_mode="sync",
        trainer_config={},
        max_off_policy_threshold=8,
        max_off_policy_strategy="drop",
        sampler_kwargs={"tasks_per_step": TASKS, "most_batches": MOST, "metric": metric},
        refill_fn=store.draw,
    )
    buffer.poll_interval = 0.0
    store.draw(TASKS)
    batch, metrics = buffer.sample(global_steps=STEP, partition_id="train", batch_size=TASKS)
    return store, {key.split("_")[0] for key in batch.keys}, metrics


@pytest.mark.parametrize("metric", ["reward", "acc"])
def test_groups_that_teach_nothing_are_replaced(monkeypatch: pytest.MonkeyPatch, metric: str) -> None:
    store, trained_on, metrics = sampled(monkeypatch, [EQUAL, UNEQUAL, EQUAL, UNEQUAL].__getitem__, metric)
    assert trained_on == {"task1", "task3"}
    assert store.drawn == 4
    assert metrics["training/filter_groups/evicted_samples"] == 2


@pytest.mark.parametrize("metric", [None, "reward"])
def test_groups_of_which_nothing_is_left_are_replaced(
    monkeypatch: pytest.MonkeyPatch, metric: str | None
) -> None:
    _, trained_on, metrics = sampled(monkeypatch, [FAILED, UNEQUAL, UNEQUAL].__getitem__, metric)
    assert trained_on == {"task1", "task2"}
    assert metrics["training/rollout_failure/evicted_samples"] == 1


def test_without_a_metric_every_group_that_was_played_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    store, trained_on, _ = sampled(monkeypatch, lambda _: EQUAL, None)
    assert (store.drawn, trained_on) == (TASKS, {"task0", "task1"})


@pytest.mark.parametrize(
    ("outcomes", "metric", "told"),
    [
        (
            EQUAL,
            "acc",
            "step 7: only 1 of 2 groups have unequal 'acc' among the 6 tasks that a step may draw",
        ),
        (FAILED, "acc", "step 7: only 1 of 2 groups have unequal 'acc' among the 6 tasks"),
        (FAILED, None, "step 7: only 1 of 2 groups were played, of 6 tasks; the rest failed"),
    ],
)
def test_a_step_that_draws_too_much_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, outcomes: tuple[float, ...], metric: str | None, told: str
) -> None:
    drawn: list[int] = []

    def outcome(number: int) -> tuple[float, ...]:
        drawn.append(number)
        return outcomes if number else UNEQUAL

    with pytest.raises(RuntimeError, match=told):
        sampled(monkeypatch, outcome, metric)
    assert len(drawn) == MOST * TASKS


def test_what_cannot_be_bounded_is_refused() -> None:
    with pytest.raises(ValueError, match="trainer_mode=sync, not colocate_async"):
        BoundedReplayBuffer(trainer_mode="colocate_async", sampler_kwargs={}, refill_fn=print)
    with pytest.raises(ValidationError, match="tasks_per_step"):
        BoundedReplayBuffer(trainer_mode="sync", sampler_kwargs={}, refill_fn=print)
