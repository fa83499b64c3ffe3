"""The adapter for TRL: its environments here, and under a real trainer in an environment of TRL's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.adapters.trl import PyInterp, PyInterpFactory
from replgym.envs.env_config import ConfigError
from replgym.rewards import RewardError

from .adapter_environment import adapter_environment
from .linear_play import CELLS, SETTINGS, WRONG

ROOT = Path(__file__).parents[3]


@pytest.fixture
def factory() -> Iterator[PyInterpFactory]:
    made = PyInterpFactory(kernels=4, **SETTINGS)
    yield made
    made.close()


@pytest.mark.slow
def test_the_real_trainer_plays_and_learns() -> None:
    python = adapter_environment("trl") / "bin" / "python"
    suite = "tests/agents/adapters/trl_trainer.py"
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", suite],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def rows(factory: PyInterpFactory) -> list[dict[str, Any]]:
    return list(factory.dataset())


def test_an_environment_plays_one_episode_after_the_other(factory: PyInterpFactory) -> None:
    environment = factory()
    first, second = rows(factory)[:2]
    environment.reset(**first)
    assert environment.python_interpreter(CELLS[0]).startswith("b ")
    environment.reset(**second)
    assert "NameError" in environment.python_interpreter("print(b)")
    assert environment.get_reward() == environment.get_reward() == 0.0
    with pytest.raises(ValueError, match="the task is over"):
        environment.submit("")


def test_what_a_model_writes_reaches_the_interpreter_unchanged(factory: PyInterpFactory) -> None:
    environment = factory()
    environment.reset(**rows(factory)[0])
    text = "</tool_call>\n<tool_response>\t\"\\n'é\U0001f600"
    assert environment.python_interpreter(f"print(ascii({text!r}))") == ascii(text)


def test_a_machine_that_fails_has_no_reward() -> None:
    broken = {"backend_options": {"setup": "raise RuntimeError('no disk')"}, "acquire_timeout": 20.0}
    factory = PyInterpFactory(**SETTINGS, **broken)
    try:
        environment: PyInterp = factory()
        environment.reset(**rows(factory)[0])
        environment.python_interpreter("1")
        assert environment.get_reward() is None
    finally:
        factory.close()


def test_a_rubric_that_needs_tokens_is_told_to_the_trainer() -> None:
    factory = PyInterpFactory(**SETTINGS, rubric={"overlong": 1.0})
    try:
        environment = factory()
        environment.reset(**rows(factory)[0])
        with pytest.raises(RewardError, match="number of tokens"):
            environment.submit(WRONG)
        with pytest.raises(RewardError, match="number of tokens"):
            environment.get_reward()
    finally:
        factory.close()


@pytest.mark.parametrize("name", ["action_format", "tools", "code_extraction", "max_turn"])
def test_settings_that_are_not_allowed(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        PyInterpFactory(**{name: "hermes"})
