"""The face for Gymnasium: its own checker, spaces, transcripts, and that nothing outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

import replgym  # noqa: F401 - registers the environment
from replgym.envs import ConfigError, InterpreterEnv, TaskSet
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.envs.loop_thread import LoopThread
from replgym.envs.unicode_text import UnicodeText

LINEAR = make_task(Family.LINEAR, (7, -3))
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[str, str]]:
    made = gym.make("PyInterp-v0", render_mode="ansi")
    yield made
    made.close()


def test_gymnasiums_checker_has_nothing_to_say() -> None:
    made = gym.make("PyInterp-v0", render_mode="ansi")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        check_env(made.unwrapped)
    made.close()
    made.close()


def test_observations_are_what_was_printed(env: gym.Env[str, str]) -> None:
    prompt, info = env.reset(seed=0)
    assert "Find the hidden function f" in prompt
    assert info["task_id"].startswith("blackbox/")
    assert env.step("x = 21")[0] == ""
    assert env.step("print(x * 2)")[0] == "42"


def test_a_task_can_be_chosen_and_the_transcript_read(env: gym.Env[str, str]) -> None:
    env.reset(options={"task": LINEAR})
    env.step("print(f(1))")
    _, reward, terminated, truncated, _ = env.step("submit('def solution(x): return 7 * x - 3')")
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert env.render() == (
        f"{LINEAR.prompt}\n\n>>> [1]\nprint(f(1))\n4\n\n>>> [2]\nsubmit('def solution(x): return 7 * x - 3')"
    )


def test_humaneval_is_solved_by_its_reference() -> None:
    made = gym.make("PyInterp-v0", task_set="humaneval", action_format="fenced", max_turns=2)
    prompt, info = made.reset(options={"task": "HumanEval/0"})
    assert "has_close_elements" in prompt
    assert info["source"] == "humaneval"
    task = TaskSet.load("humaneval")[0]
    _, reward, terminated, _, _ = made.step(f"```python\nsubmit({task.reference!r})\n```")
    made.close()
    assert (reward, terminated) == (1.0, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tsk": 1}, "unknown reset option 'tsk'; use: task"),
        ({"task": 3}, "reset option task=3 is not allowed: give a Task or the id of one"),
    ],
)
def test_wrong_reset_options_are_told(env: gym.Env[str, str], options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        env.reset(options=options)


def test_a_closed_environment_says_so() -> None:
    made = InterpreterEnv()
    made.close()
    made.close()
    with pytest.raises(RuntimeError, match="the environment is closed; make a new one"):
        made.reset()


def test_the_space_of_texts() -> None:
    space = UnicodeText(300, seed=3)
    assert all(text in space for text in ("", "ünï → \n\0", "a" * 300))
    assert "a" * 301 not in space
    assert 3 not in space
    samples = [space.sample() for _ in range(20)]
    assert all(sample in space and sample.isprintable() for sample in samples)
    space.seed(3)
    assert [space.sample() for _ in range(20)] == samples
    assert space == UnicodeText(300)
    assert space != UnicodeText(301)
    assert space.sample(mask=(2, None)) in space


def test_the_last_work_of_a_loop_may_be_asked_for_in_its_own_thread() -> None:
    loop, done = LoopThread(), threading.Event()

    async def last() -> None:
        done.set()

    async def collect() -> None:
        loop.finish(last())

    loop.run(collect())
    assert done.wait(30)


MAKE = "e = gym.make('PyInterp-v0'); e.reset(seed=0); "
SCRIPTS = {
    "one-liner": MAKE + "print(e.step('x=21')[0], e.step('print(x*2)')[0])",
    "exit": MAKE + "print('', 42); raise SystemExit(0)",
    "cycle": MAKE + "e.me = e; del e; import gc; gc.collect(); print('', 42)",
    "vector": "v = gym.make_vec('PyInterp-v0', num_envs=2); v.reset(); print('', v.step(['42'] * 2)[0][1])",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_process_ends_cleanly_and_leaves_nothing(script: str, short_folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", f"import gymnasium as gym, replgym; {script}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(short_folder), "MARK": str(short_folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == (" 42\n", "")
    assert list(short_folder.iterdir()) == []
    assert processes_in(short_folder) == []


def processes_in(folder: Path) -> list[str]:
    """Processes whose command line or folder is under `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_text() + os.readlink(process / "cwd")
        except OSError:
            continue
        if str(folder) in about:
            found.append(about)
    return found
