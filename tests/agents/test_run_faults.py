"""Whole runs over a real HTTP engine, real interpreters and the real judge, while something breaks.

In each: no episode is lost, none counts twice, nothing is left, and no fault becomes a reward of 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.engines import ScriptedEngine
from replgym.agents.evaluation.evaluation import EvaluationError, evaluate, evaluate_with
from replgym.agents.evaluation.evaluation_summary import EvaluationSummary
from replgym.agents.policies.policy import Policy
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.episode_history import last_attempts
from replgym.agents.rollouts.episode_key import EpisodeKey
from replgym.agents.rollouts.episode_log import EpisodeLog, EpisodeLogError, read_episodes
from replgym.agents.rollouts.local_player import open_local_player
from replgym.agents.rollouts.play_settings import PlaySettings
from replgym.agents.rollouts.retry_strategy import RetryStrategy
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.kernels.process_tree import descendants

from ..engines.small_world import Faults, cut_off, drip, hang_up, status
from ..kernels.conformance.host_processes import running_with, unique_seconds, until_gone
from .linear_engine import ENV, QUICK, TASKS, linear_engine, policy_over

SOON = RetryStrategy(tries=3, pause=0.05)


async def played(
    policy: Policy,
    log: Path,
    *,
    count: int = 12,
    concurrency: int = 4,
    on_episode: Callable[[Episode], None] | None = None,
    **settings: Any,
) -> EvaluationSummary:
    """Evaluates the first tasks, and goes on with the log if there is one."""
    tasks = TASKS.take(count)
    env = ENV.model_copy(update=settings)
    with EpisodeLog(log) as writer:
        async with open_local_player(policy, PlaySettings(env=env), seats=concurrency) as player:
            finished = last_attempts(log, scored_only=True)
            return await evaluate_with(
                player, tasks, log=writer, finished=finished, on_episode=on_episode, retry=SOON
            )


def assert_all_is_well(summary: EvaluationSummary, log: Path, count: int = 12) -> None:
    """Every episode was solved and counts once, in memory and on disk."""
    assert (summary.episodes, summary.solved, summary.failures) == (count, count, {})
    assert_each_counts_once(log, count)


def assert_each_counts_once(log: Path, count: int) -> None:
    every = list(read_episodes(log))
    scored = [episode for episode in every if episode.failure is None]
    keys = Counter(map(EpisodeKey.of, scored))
    assert keys == {EpisodeKey(task.id, 0): 1 for task in TASKS.take(count)}
    assert {episode.reward for episode in scored} == {1.0}
    assert {episode.reward for episode in every if episode.failure is not None} <= {None}
    assert len({episode.id for episode in every}) == len(every)
    assert Counter(map(EpisodeKey.of, last_attempts(log))) == keys


@pytest.fixture(autouse=True)
async def nothing_is_left():
    """No process, no descriptor and no task outlives a run."""
    before = set(descendants(os.getpid()))
    files = len(os.listdir("/proc/self/fd"))
    yield
    async with asyncio.timeout(120):
        while set(descendants(os.getpid())) - before or len(os.listdir("/proc/self/fd")) > files + 2:
            await asyncio.sleep(0.02)
    assert len(asyncio.all_tasks()) <= 2


@pytest.mark.parametrize(
    "faults",
    [
        [status(503)] * 6 + [status(500), status(502)],
        [drip] * 3,
        [status(200, "{")] * 3 + [status(200, '{"output_ids": 7}')],
        [hang_up, cut_off] * 3,
    ],
    ids=["5xx", "drip", "malformed", "disconnect"],
)
async def test_an_engine_that_stumbles_costs_no_episode(faults: list[Any], tmp_path: Path) -> None:
    limits = replace(QUICK, body_seconds=0.3, attempts=10)
    engine = linear_engine(middlewares=[Faults(*faults).middleware], token_seconds=0.0005)
    async with engine:
        policy = policy_over(engine, limits=limits)
        summary = await played(policy, tmp_path / "log.jsonl")
        await policy.close()
        assert engine.running == 0
    assert_all_is_well(summary, tmp_path / "log.jsonl")


async def test_an_engine_may_restart_while_episodes_are_played(tmp_path: Path) -> None:
    engine = linear_engine(token_seconds=0.002)
    await engine.start()
    policy = policy_over(engine)

    async def restart() -> None:
        for _ in range(2):
            asked = len(engine.asked)
            while len(engine.asked) < asked + 5 or not engine.running:
                await asyncio.sleep(0.001)
            await engine.stop()
            await asyncio.sleep(0.05)
            await engine.start()

    restarts = asyncio.create_task(restart())
    summary = await played(policy, tmp_path / "log.jsonl")
    await restarts
    await policy.close()
    await engine.stop()
    assert_all_is_well(summary, tmp_path / "log.jsonl")
    assert len(engine.asked) > 36


async def test_an_engine_that_stays_away_stops_the_run_which_goes_on_later(tmp_path: Path) -> None:
    log, engine = tmp_path / "log.jsonl", linear_engine()
    stopping: list[asyncio.Task[None]] = []

    def stop_after_ten(episode: Episode) -> None:
        ended.append(episode)
        if len(ended) == 10:
            stopping.append(asyncio.create_task(engine.stop()))

    ended: list[Episode] = []
    await engine.start()
    policy = policy_over(engine, limits=replace(QUICK, deadline=0.2))
    with pytest.raises(EvaluationError, match="the last one: policy"):
        await played(policy, log, count=60, on_episode=stop_after_ten)
    await asyncio.gather(*stopping)
    scored = {e.id for e in read_episodes(log) if e.failure is None}
    failed = [e for e in read_episodes(log) if e.failure is not None]
    assert 10 <= len(scored) < 20
    assert {(e.failure, e.stop, e.reward) for e in failed} == {(Failure.POLICY, StopReason.FAILURE, None)}

    await engine.start()
    summary = await played(policy, log, count=60)
    await policy.close()
    await engine.stop()
    assert_all_is_well(summary, log, 60)
    assert scored <= {e.id for e in last_attempts(log)}


async def test_an_interpreter_that_is_killed_in_a_cell_is_told_and_replaced(tmp_path: Path) -> None:
    mark = unique_seconds()
    waits = f"import subprocess; subprocess.run(['sleep', '{mark}'])"
    killed: set[int] = set()

    async def kill() -> None:
        while len(killed) < 4:
            for pid in running_with(mark):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                killed.add(pid)
                os.kill(parent, signal.SIGKILL)
            await asyncio.sleep(0.02)

    async with linear_engine(waits) as engine:
        policy = policy_over(engine)
        killer = asyncio.create_task(kill())
        summary = await played(policy, tmp_path / "log.jsonl", count=4, cell_timeout=600.0)
        await killer
        await policy.close()
    assert_all_is_well(summary, tmp_path / "log.jsonl", 4)
    for episode in read_episodes(tmp_path / "log.jsonl"):
        assert "[the interpreter died" in episode.turns[0].observation
        assert "all variables are lost" in episode.turns[0].observation
    await until_gone(mark)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.mark.parametrize("victims", ["kernels", "judge", "all"])
async def test_servers_that_are_killed_cost_attempts_but_no_episode(victims: str, tmp_path: Path) -> None:
    log, ended = tmp_path / "log.jsonl", 0
    others = set(descendants(os.getpid()))

    def kill_in_the_middle(episode: Episode) -> None:
        nonlocal ended
        ended += 1
        if ended in (3, 7):
            for pid in filter(lambda pid: pid not in others, descendants(os.getpid())):
                of_judge = "replgym-judge" in _command_line(pid)
                if victims == "all" or of_judge == (victims == "judge"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

    killed: list[int] = []
    async with linear_engine(token_seconds=0.001) as engine:
        policy = policy_over(engine)
        summary = await played(policy, log, on_episode=kill_in_the_middle)
        await policy.close()
        assert engine.running == 0
    assert len(killed) >= 2
    assert_all_is_well(summary, log)


async def test_a_full_disk_ends_the_run_with_one_error_and_it_goes_on_later(tmp_path: Path) -> None:
    log, limits = tmp_path / "log.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_after_five(episode: Episode) -> None:
        ended.append(episode)
        if len(ended) == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 50, limits[1]))

    ended: list[Episode] = []
    async with linear_engine() as engine:
        policy = policy_over(engine)
        try:
            with pytest.raises(EpisodeLogError, match=r"log\.jsonl: .*resume"):
                await played(policy, log, on_episode=fill_after_five)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(read_episodes(log)) == ended
        assert log.read_bytes().endswith(b"\n")
        assert engine.running == 0
        summary = await played(policy, log)
        await policy.close()
    assert_all_is_well(summary, log)


async def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, jumps = time.time, random.Random(0)
    monkeypatch.setattr(time, "time", lambda: real() + jumps.choice((-1e7, 0.0, 1e7)))
    async with linear_engine() as engine:
        policy = policy_over(engine)
        summary = await played(policy, tmp_path / "log.jsonl")
        await policy.close()
    assert_all_is_well(summary, tmp_path / "log.jsonl")
    assert 0 < summary.seconds < 1e6


@pytest.mark.parametrize("where", ["message", "cell"])
async def test_a_run_that_is_cancelled_frees_engine_and_interpreters_at_once(
    where: str, tmp_path: Path
) -> None:
    mark = unique_seconds()
    first: Sequence[str] = (
        (f"import subprocess; subprocess.run(['sleep', '{mark}'])",) if where == "cell" else ()
    )
    seconds = 0.0 if where == "cell" else 600.0
    engine = linear_engine(*first, first_token_seconds=seconds)
    async with engine:
        policy = policy_over(engine)
        env = ENV.model_copy(update={"cell_timeout": 600.0})
        async with open_local_player(policy, PlaySettings(env=env), seats=3) as player:
            run = asyncio.create_task(evaluate_with(player, TASKS.take(9)))
            while (len(running_with(mark)) if where == "cell" else engine.running) < 3:
                await asyncio.sleep(0.01)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            # The player is still open: what is free now was freed by the episodes themselves.
            assert player._pool.stats().acquired == 0
            assert running_with(mark) == []
            async with asyncio.timeout(120):
                while engine.running:
                    await asyncio.sleep(0.001)
        await policy.close()
    assert len(engine.taken_back) == (3 if where == "message" else 0)


async def test_deadlines_and_limits_are_told_apart(tmp_path: Path) -> None:
    """A limit of the task scores what is there; a deadline that the machine missed is a failure."""
    async with linear_engine(*(f"print({n})" for n in range(9))) as engine:
        policy = policy_over(engine)
        by_cells = await played(policy, tmp_path / "a.jsonl", count=2, max_cells=3)
        by_turns = await played(policy, tmp_path / "b.jsonl", count=2, max_turns=3)
        assert (by_cells.stops, by_cells.failures) == ({"cell_limit": 2}, {})
        assert (by_turns.stops, by_turns.failures) == ({"turn_limit": 2}, {})
        await policy.close()
    hanging: ScriptedEngine = linear_engine(first_token_seconds=600.0)
    async with hanging:
        policy = policy_over(hanging)
        late = await evaluate(TASKS.take(2), policy, env_config=ENV, limits=RolloutLimits(seconds=0.2))
        await policy.close()
    assert (late.scored, late.failures, late.mean_reward) == (0, {"timeout": 2}, None)
