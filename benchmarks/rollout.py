"""Rollouts side by side: every episode by itself, against a barrier around every step and against verl.

    python benchmarks/rollout.py                  512 episodes at once in three ways, then 2,000 for memory
    python benchmarks/rollout.py --quick          a minute, to see that it runs; nothing to be quoted
    python benchmarks/rollout.py --contenders replgym "verl, replayed" --many 0

All play the same episodes in front of the same scripted engine with 64 slots and a fixed speed. Each has a
process of its own, which imports what it needs once; they take turns within every round, in a new order each
time. What the figures mean is written below the tables, in benchmarks/results/rollout.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import machine
import results
from rollout_measure import Job
from rollout_text import YARDSTICK, page
from rollout_worker import PLAYERS

FOLDER = Path(__file__).parent / "results"
_LOOK_SECONDS, _LOOK_SHARE = 2.0, 0.1
"""How often memory is looked at, and the most time that looking may take."""
_FASTER = 1.6
_QUICK = {"rounds": 1, "episodes": 16, "slots": 4, "token_ms": 0.5, "slow_ms": 1.0, "many": 24, "kernels": 8}


@dataclass(frozen=True, slots=True)
class Sampled:
    """What one job gave."""

    figures: dict[str, float]
    work: dict[str, float]


class Worker:
    """A process that plays in one way, and what it uses while it does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, name: str) -> Worker:
        """Starts the process and waits until it has imported what it needs."""
        path = Path(__file__).with_name("rollout_worker.py")
        pipe = asyncio.subprocess.PIPE
        worker = cls(
            await asyncio.create_subprocess_exec(sys.executable, str(path), name, stdin=pipe, stdout=pipe)
        )
        await worker._line()
        return worker

    async def play(self, job: Job) -> Sampled:
        """Has a job done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        await self._line()
        watch = _MemoryWatch(self._process.pid)
        watching = asyncio.create_task(watch.run())
        try:
            made = json.loads(await self._line())
        finally:
            watching.cancel()
        return Sampled(made["figures"] | watch.figures(), made["work"])

    async def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("a player ended early; its last words are above")
        return line


class _MemoryWatch:
    """The most memory of a process and all below it, every two seconds or less often."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._most = self._tables = self._processes = 0
        self._seconds = 0.0

    async def run(self) -> None:
        while True:
            begin = time.process_time()
            await asyncio.to_thread(self._look)
            took = time.process_time() - begin
            self._seconds += took
            await asyncio.sleep(max(_LOOK_SECONDS, took / _LOOK_SHARE))

    def figures(self) -> dict[str, float]:
        return {
            "peak memory": self._most,
            "peak page tables": self._tables,
            "processes": self._processes,
            "cpu of watching": self._seconds,
        }

    def _look(self) -> None:
        pids = machine.tree(self._root)
        self._processes = max(self._processes, len(pids))
        self._most = max(self._most, machine.proportional_bytes(pids))
        self._tables = max(self._tables, machine.page_table_bytes(pids))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.quick:
        vars(arguments).update(_QUICK)
    return asyncio.run(_run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = ("replgym", "barrier", "verl")
    parser.add_argument("--contenders", nargs="+", choices=list(PLAYERS), default=names, help="who plays")
    parser.add_argument("--rounds", type=int, default=3, help="samples of each (3)")
    parser.add_argument("--episodes", type=int, default=512, help="episodes at once (512)")
    parser.add_argument("--slots", type=int, default=64, help="messages that the engine writes at once (64)")
    parser.add_argument("--token-ms", type=float, default=5.0, help="milliseconds for a token (5)")
    parser.add_argument(
        "--slow-ms", type=float, default=16.0, help="a slower engine, a quarter of them; 0 for none (16)"
    )
    parser.add_argument(
        "--many", type=int, default=2000, help="episodes at once for memory; 0 for none (2000)"
    )
    parser.add_argument("--kernels", type=int, default=256, help="interpreters for them, where bounded (256)")
    parser.add_argument("--seed", type=int, default=1, help="draws the episodes (1)")
    parser.add_argument("--quick", action="store_true", help="a few short episodes")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results go (benchmarks/results)")
    parser.add_argument("--name", default="rollout", help="name of the result files (rollout)")
    return parser


async def _run(arguments: argparse.Namespace) -> int:
    about = machine.describe()
    job = Job(
        arguments.episodes, arguments.seed, arguments.slots, arguments.token_ms / 1e3, arguments.episodes
    )
    async with AsyncExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name in arguments.contenders:
            workers[name] = await Worker.start(name)
            stack.push_async_callback(workers[name].close)
        samples, work = await _rounds(workers, job, arguments.rounds)
        slow: results.Samples = {}
        if arguments.slow_ms:
            few = replace(job, episodes=job.episodes // 4, token_seconds=arguments.slow_ms / 1e3)
            fit = {name: worker for name, worker in workers.items() if name != YARDSTICK}
            slow, _ = await _rounds(fit, few, 1)
        many: results.Samples = {}
        if arguments.many and "replgym" in workers:
            many = await _many(workers["replgym"], replace(job, episodes=arguments.many), arguments.kernels)
    record, text = page(about, asdict(job), work, samples, slow, many)
    results.write(arguments.folder, arguments.name, record, text)
    sys.stdout.write(text)
    return 0


async def _rounds(
    workers: Mapping[str, Worker], job: Job, count: int
) -> tuple[results.Samples, list[dict[str, float]]]:
    """One sample of every contender in each round, on the same episodes."""
    samples: results.Samples = {name: {} for name in workers}
    work: list[dict[str, float]] = []
    for number in range(count):
        for name in random.sample(list(workers), len(workers)):
            sys.stderr.write(f"round {number + 1} of {count}: {name}\n")
            made = await workers[name].play(replace(job, seed=job.seed + number))
            _add(samples[name], made.figures)
        work.append(made.work)
    return samples, work


async def _many(worker: Worker, job: Job, kernels: int) -> results.Samples:
    """Memory of thousands of episodes at once, in front of a faster engine, to save time."""
    fast = replace(job, token_seconds=job.token_seconds / _FASTER)
    ways = {
        "oldest episode first": replace(fast, kernels=job.episodes, oldest_first=True),
        f"{kernels} interpreters": replace(fast, kernels=kernels),
        "in the order of asking": replace(fast, kernels=job.episodes),
    }
    samples: results.Samples = {}
    for name, each in ways.items():
        sys.stderr.write(f"{each.episodes} episodes: {name}\n")
        _add(samples.setdefault(name, {}), (await worker.play(each)).figures)
    return samples


def _add(samples: dict[str, list[float]], figures: Mapping[str, float]) -> None:
    for metric, value in figures.items():
        samples.setdefault(metric, []).append(value)


if __name__ == "__main__":
    sys.exit(main())
