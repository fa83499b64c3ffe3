"""Many episodes at once are the same episodes as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import replgym  # noqa: F401 - registers the environment
from replgym.envs import ConfigError, InterpreterEnv, InterpreterVectorEnv
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family

N = 3
SCRIPT = ["print(f(0))", "x = 4; x", "1 / 0", "ignored", "print('new')", "submit('x = 1')"]


@pytest.fixture(scope="module")
def vector() -> Iterator[InterpreterVectorEnv]:
    made = gym.make_vec("PyInterp-v0", num_envs=N, max_turns=3)
    assert isinstance(made, InterpreterVectorEnv)
    yield made
    made.close()


def test_the_registered_entry_point_is_used(vector: InterpreterVectorEnv) -> None:
    other = gym.make_vec(
        "PyInterp-v0", num_envs=2, vectorization_mode="vector_entry_point", render_mode="ansi"
    )
    assert isinstance(other.unwrapped, InterpreterVectorEnv)
    assert other.render() == ("", "")
    other.close()
    other.close()
    assert vector.metadata["autoreset_mode"] is gym.vector.AutoresetMode.NEXT_STEP
    assert vector.render() is None


def test_it_does_what_single_environments_do(vector: InterpreterVectorEnv) -> None:
    first, infos = vector.reset(seed=11)
    together = [vector.step([action] * N) for action in SCRIPT]
    assert all(step[0] in vector.observation_space and step[1].dtype == np.float64 for step in together)
    single = InterpreterEnv(max_turns=3)
    for index in range(N):
        observation, info = single.reset(seed=11 + index)
        assert (observation, info["task_id"]) == (first[index], infos["task_id"][index])
        ended = False
        for action, step in zip(SCRIPT, together, strict=True):
            alone: tuple[Any, ...] = (
                (single.reset()[0], 0.0, False, False, {}) if ended else single.step(action)
            )
            assert tuple(part[index] for part in step[:4]) == alone[:4]
            assert all(
                step[4][key][index] == alone[4].get(key) for key in ("turn", "stop") if key in alone[4]
            )
            ended = alone[2] or alone[3]
    single.close()


def test_environments_end_and_start_again_on_their_own(vector: InterpreterVectorEnv) -> None:
    task = make_task(Family.LINEAR, (2, 1))
    vector.reset(options={"task": task})
    right, wrong = "submit('def solution(x): return 2 * x + 1')", "submit('def solution(x): return x')"
    _, rewards, terminated, truncated, infos = vector.step([right, wrong, "print(1)"])
    assert (list(rewards), list(terminated), list(truncated)) == (
        [1.0, 0.0, 0.0],
        [True, True, False],
        [False] * 3,
    )
    assert [verdict and verdict.passed for verdict in infos["verdict"]] == [True, False, None]
    assert list(infos["reward_parts"]["passed"]) == [1.0, 0.0, 0.0]
    observations, rewards, terminated, _, infos = vector.step(["print(1)"] * N)
    assert "hidden function" in observations[0]
    assert observations[2] == "1"
    assert (list(rewards), list(terminated)) == ([0.0] * N, [False] * N)
    assert list(infos["_task_id"]) == [True, True, False]
    assert vector.step(["print(2)"] * N)[0] == ("2", "2", "2")


def test_wrong_input_is_told(vector: InterpreterVectorEnv) -> None:
    with pytest.raises(ConfigError, match="give 3 texts"):
        vector.step(["1"])
    with pytest.raises(ConfigError, match="give 3 texts"):
        vector.step("abc")
    with pytest.raises(ConfigError, match="give one integer or 3 of them"):
        vector.reset(seed=[1, 2])
    assert vector.reset(seed=[1, None, 2])[0]
