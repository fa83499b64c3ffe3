from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.agents.training.trainer_health import PROBS_DIFF_LIMIT, TrainerHealth

GOOD = json.dumps({"reward": 1.0, "turns": [1, 2]}) + "\n"
BAD = json.dumps({"reward": None, "failure": "kernel", "failure_message": "no memory"}) + "\n"


def write(folder: Path, text: str, name: str = "train-1.jsonl") -> None:
    with (folder / name).open("a") as file:
        file.write(text)


def test_all_is_well_without_episodes(tmp_path: Path) -> None:
    assert TrainerHealth(tmp_path).fault() is None


def test_a_few_failures_are_no_fault(tmp_path: Path) -> None:
    health = TrainerHealth(tmp_path)
    write(tmp_path, BAD * 20)
    assert health.fault() is None
    write(tmp_path, GOOD * 100 + BAD * 31)
    assert health.fault() is None


def test_failures_of_every_second_episode_stop_the_run(tmp_path: Path) -> None:
    health = TrainerHealth(tmp_path)
    write(tmp_path, GOOD * 32)
    write(tmp_path, BAD * 32, "train-2.jsonl")
    assert health.fault() == "32 of the last 64 episodes failed: kernel: no memory"


def test_wrong_answers_are_no_failures(tmp_path: Path) -> None:
    health = TrainerHealth(tmp_path)
    write(tmp_path, '{"reward": 0.0}\n' * 200)
    assert health.fault() is None


def test_episodes_of_an_earlier_start_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, BAD * 100)
    health = TrainerHealth(tmp_path)
    assert health.fault() is None
    write(tmp_path, GOOD * 10)
    assert health.fault() is None


def test_lines_that_are_being_written_are_read_when_they_are_whole(tmp_path: Path) -> None:
    health = TrainerHealth(tmp_path)
    write(tmp_path, BAD * 63 + BAD[:20])
    assert health.fault() is None
    write(tmp_path, BAD[20:])
    assert health.fault() is not None


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    health = TrainerHealth(tmp_path)
    write(tmp_path, BAD[:20] + "\n" + BAD * 64)
    assert health.fault() is not None


@pytest.mark.parametrize(("times", "stops"), [(0.9, False), (2.0, True), (float("nan"), True)])
def test_probabilities_out_of_step_stop_the_run(tmp_path: Path, times: float, stops: bool) -> None:
    health = TrainerHealth(tmp_path)
    told = health.told(
        {"training/rollout_probs_diff_max": times * PROBS_DIFF_LIMIT, "critic/score/mean": 0.25}
    )
    assert told == "mean reward 0.25"
    health.told({"training/rollout_probs_diff_max": 1e-7})
    fault = health.fault()
    assert (fault is not None) == stops
    if fault:
        assert "probabilities differ" in fault


def test_a_step_without_a_score_tells_nothing(tmp_path: Path) -> None:
    assert TrainerHealth(tmp_path).told({}) == ""
