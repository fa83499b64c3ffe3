"""The engine of episodes alone: order, bounds, tries, breaker and end, with a player that does as told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.episode_history import last_attempts
from replgym.agents.rollouts.episode_job import EpisodeJob, jobs_of
from replgym.agents.rollouts.episode_key import EpisodeKey
from replgym.agents.rollouts.episode_log import EpisodeLog, EpisodeLogError, read_episodes
from replgym.agents.rollouts.episode_runner import EpisodeRunner
from replgym.agents.rollouts.failure_breaker import EvaluationError, FailureBreaker
from replgym.agents.rollouts.retry_strategy import RetryStrategy
from replgym.envs.task_set import TaskSet

TASK = TaskSet.load("blackbox", levels=(1,), size=1)[0]
AT_ONCE = RetryStrategy(pause=0.0)
NEVER = FailureBreaker(least=10**9)


def task(name: object):
    return TASK.model_copy(update={"id": str(name)})


class Player:
    """Plays each job as long and as well as it is told."""

    def __init__(
        self,
        seats: int = 4,
        failure: Callable[[EpisodeJob], Failure | None] = lambda job: None,
        turns: Callable[[EpisodeJob], int] = lambda job: 1,
    ) -> None:
        self.seats = seats
        self._failure, self._turns = failure, turns
        self.order: list[tuple[str, int]] = []
        self.now = self.most = self.cancelled = 0
        self.full = asyncio.Event()

    async def play(self, job: EpisodeJob) -> Episode:
        self.order.append((job.task.id, job.attempt))
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self.seats:
            self.full.set()
        try:
            for _ in range(self._turns(job)):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.now -= 1
        failure = self._failure(job)
        return Episode(
            id=f"{job.task.id}/{job.sample}/{job.attempt}",
            task_id=job.task.id,
            sample=job.sample,
            attempt=job.attempt,
            policy="p",
            messages=(),
            reward=None if failure else 1.0,
            failure=failure,
            stop=StopReason.FAILURE if failure else StopReason.SUBMITTED,
        )


FOREVER = 10**9


@settings(max_examples=50)
@given(
    tasks=st.integers(0, 12),
    samples=st.integers(1, 3),
    seats=st.integers(1, 5),
    tries=st.integers(1, 4),
    seed=st.randoms(use_true_random=False),
)
async def test_every_job_is_played_to_its_end_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, tasks: int, samples: int, seats: int, tries: int, seed
) -> None:
    failures = (None, Failure.KERNEL, Failure.POLICY, Failure.JUDGE)
    drawn = []

    def source() -> Iterator[EpisodeJob]:
        for job in jobs_of(map(task, range(tasks)), samples):
            drawn.append(job.key)
            yield job

    ended: list[Episode] = []
    player = Player(seats, lambda job: seed.choice(failures), lambda job: seed.randrange(4))
    with EpisodeLog(tmp_path_factory.mktemp("run") / "log.jsonl") as log:
        retry = RetryStrategy(tries=tries, pause=0.0)
        runner = EpisodeRunner(player, log=log, on_episode=ended.append, retry=retry, breaker=NEVER)
        await runner.run(source())
    wanted = {EpisodeKey(str(t), s) for t in range(tasks) for s in range(samples)}
    assert sorted(map(str, drawn)) == sorted(map(str, map(EpisodeKey.of, ended))) == sorted(map(str, wanted))
    assert player.most <= seats
    logged = list(read_episodes(log.path))
    assert len(logged) == len(player.order)
    assert {e.id for e in last_attempts(log.path)} == {e.id for e in ended}
    for episode in ended:
        attempts = [e for e in logged if EpisodeKey.of(e) == EpisodeKey.of(episode)]
        assert [e.attempt for e in attempts] == list(range(1, episode.attempt + 1))
        assert all(e.failure in retry.failures for e in attempts[:-1])
        assert episode.failure not in retry.failures or episode.attempt == tries


async def test_jobs_are_drawn_when_there_is_a_seat_and_no_earlier() -> None:
    drawn = 0
    ahead = []

    def endless() -> Iterator[EpisodeJob]:
        nonlocal drawn
        while True:
            drawn += 1
            yield EpisodeJob(task(drawn))

    def count(episode: Episode) -> None:
        nonlocal ended
        ended += 1
        ahead.append(drawn - ended)
        if ended == 1000:
            stop.set()

    ended, stop = 0, asyncio.Event()
    await EpisodeRunner(Player(4), on_episode=count).run(endless(), stop=stop)
    assert max(ahead) <= 4
    assert ended == drawn


async def test_a_slow_episode_holds_nobody_up() -> None:
    player = Player(2, turns=lambda job: 500 if job.task.id == "0" else 1)
    ended: list[str] = []
    await EpisodeRunner(player, on_episode=lambda e: ended.append(e.task_id)).run(
        jobs_of(map(task, range(50)))
    )
    assert ended == [*map(str, range(1, 50)), "0"]


async def test_a_job_that_waits_for_another_try_costs_no_seat() -> None:
    player = Player(1, lambda job: Failure.KERNEL if (job.task.id, job.attempt) == ("0", 1) else None)
    ended: list[Episode] = []
    runner = EpisodeRunner(player, on_episode=ended.append, retry=RetryStrategy(pause=0.3), breaker=NEVER)
    await runner.run(jobs_of(map(task, range(5))))
    assert player.order == [*((str(n), 1) for n in range(5)), ("0", 2)]
    assert [(e.task_id, e.attempt) for e in ended][-1] == ("0", 2)


@pytest.mark.parametrize("share", [0.61, 1.0])
async def test_a_broken_machine_stops_the_run_within_a_few_episodes(tmp_path: Path, share: float) -> None:
    played = itertools.count(1)

    def failure(job: EpisodeJob) -> Failure | None:
        number = next(played)
        return Failure.KERNEL if int(number * share) > int((number - 1) * share) else None

    player = Player(8, failure)
    told = pytest.raises(EvaluationError, match=r"\d+ of the last \d+ attempts failed; the last one: ")
    with EpisodeLog(tmp_path / "log.jsonl") as log, told:
        await EpisodeRunner(player, log=log, retry=AT_ONCE).run(jobs_of(map(task, range(10**6))))
    logged = list(read_episodes(log.path))
    assert 12 <= len(logged) <= 40
    assert len({e.id for e in logged}) == len(logged)


async def test_one_shock_to_all_episodes_in_play_stops_nothing() -> None:
    shock = range(200, 232)
    player = Player(
        32, lambda job: Failure.KERNEL if int(job.task.id) in shock and job.attempt == 1 else None
    )
    ended: list[Episode] = []
    await EpisodeRunner(player, on_episode=ended.append, retry=AT_ONCE).run(jobs_of(map(task, range(400))))
    assert {e.failure for e in ended} == {None}
    assert len(ended) == 400


async def test_stop_lets_what_is_played_end(tmp_path: Path) -> None:
    stop, player = asyncio.Event(), Player(4, turns=lambda job: 50)
    with EpisodeLog(tmp_path / "log.jsonl") as log:
        run = asyncio.create_task(
            EpisodeRunner(player, log=log).run(jobs_of(map(task, range(100))), stop=stop, grace=60.0)
        )
        await player.full.wait()
        stop.set()
        await run
    assert (len(player.order), player.cancelled) == (4, 0)
    assert len(list(read_episodes(log.path))) == 4


async def test_after_the_grace_what_is_played_is_cancelled_and_not_recorded(tmp_path: Path) -> None:
    stop = asyncio.Event()
    player = Player(4, turns=lambda job: FOREVER if int(job.task.id) % 2 else 1)
    with EpisodeLog(tmp_path / "log.jsonl") as log:
        run = asyncio.create_task(
            EpisodeRunner(player, log=log).run(jobs_of(map(task, range(100))), stop=stop, grace=0.05)
        )
        while len(player.order) < 8:
            await asyncio.sleep(0.001)
        stop.set()
        await run
    assert player.cancelled == 4
    assert [e.id for e in read_episodes(log.path)] == ["0/0/1", "2/0/1", "4/0/1", "6/0/1"]


async def test_a_run_that_is_told_to_stop_before_it_starts_plays_nothing() -> None:
    stop, player = asyncio.Event(), Player()
    stop.set()
    await EpisodeRunner(player).run(jobs_of(map(task, range(9))), stop=stop)
    assert player.order == []


async def test_a_run_that_is_cancelled_cancels_what_it_plays() -> None:
    player = Player(3, turns=lambda job: FOREVER)
    run = asyncio.create_task(EpisodeRunner(player).run(jobs_of(map(task, range(9)))))
    await player.full.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (player.cancelled, player.now) == (3, 0)


async def test_an_episode_that_cannot_be_recorded_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    ended: list[Episode] = []
    player = Player(4, turns=lambda job: 1 if job.task.id == "0" else FOREVER)
    runner = EpisodeRunner(player, log=EpisodeLog(tmp_path / "log.jsonl"), on_episode=ended.append)
    with pytest.raises(EpisodeLogError, match="No space left"):
        await runner.run(jobs_of(map(task, range(9))))
    assert (ended, player.now) == ([], 0)


async def test_two_runs_cannot_write_one_log(tmp_path: Path) -> None:
    with EpisodeLog(tmp_path / "log.jsonl") as log:
        log.open()
        player = Player()
        with pytest.raises(EpisodeLogError, match="another run"):
            await EpisodeRunner(player, log=EpisodeLog(log.path)).run(jobs_of([task(0)]))
        assert player.order == []


async def test_a_source_that_breaks_ends_the_run_with_its_own_error() -> None:
    def source() -> Iterator[EpisodeJob]:
        yield EpisodeJob(task(0))
        raise ValueError("row 2 is broken")

    with pytest.raises(ValueError, match="row 2"):
        await EpisodeRunner(Player()).run(source())


def test_pauses_grow_up_to_the_longest() -> None:
    retry = RetryStrategy(tries=6, pause=1.0, growth=3.0, longest=10.0)
    failed = Episode(
        id="e", task_id="t", policy="p", messages=(), failure=Failure.JUDGE, stop=StopReason.FAILURE
    )
    pauses = [retry.pause_after(failed.model_copy(update={"attempt": n})) for n in range(1, 7)]
    assert pauses == [1.0, 3.0, 9.0, 10.0, 10.0, None]
    assert retry.pause_after(failed.model_copy(update={"failure": Failure.POLICY})) is None
    assert retry.pause_after(failed.model_copy(update={"failure": None})) is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"tries": 0}, "tries is 0"), ({"growth": 0.5}, "growth is 0.5"), ({"pause": -1.0}, "pause is -1.0")],
)
def test_impossible_strategies_are_named(wrong: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        RetryStrategy(**wrong)


def test_an_impossible_breaker_is_named() -> None:
    with pytest.raises(ValueError, match="share 0"):
        FailureBreaker(share=0)
