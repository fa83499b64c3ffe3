"""Interpreters side by side: a new ipykernel for every episode (jupyter_client) against every back end.

    python benchmarks/kernels.py                       all back ends that can work on this machine
    python benchmarks/kernels.py --backends jupyter fork --rounds 5
    python benchmarks/kernels.py --soak 10000          nothing stays behind after so many open/close cycles
    python benchmarks/kernels.py --idle 1000           memory of so many live idle sessions

Contenders take turns within every round, so that a busy moment of the machine meets all of them alike; the
order is shuffled. What counts is the ratio of medians. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import autogen_executor
import cold_container
import machine
import measures
import results
from contenders import Contender, naive, of_backend
from endurance import idle, soak

from replgym.kernels import BACKENDS, Feature, KernelError

YARDSTICK = "naive jupyter_client"
COLD = cold_container.NAME
SLOW = (YARDSTICK, COLD, autogen_executor.NAME)
FOLDER = Path(__file__).parent / "results"
_TARGETS = (
    results.Target("jupyter", "start to ready", 0.12, YARDSTICK),
    results.Target("jupyter", "episodes per second", 5.0, YARDSTICK),
    results.Target("jupyter", "memory per session", 0.5, YARDSTICK),
    results.Target("fork", "start to first result", 0.03, YARDSTICK),
    results.Target("fork", "episodes per second", 30.0, YARDSTICK),
    results.Target("fork", "memory per session", 0.15, YARDSTICK),
    results.Target("fork", "round trip", 0.12, YARDSTICK),
    results.Target("docker", "start to first result", 0.10, COLD),
)
_DRAWN = (
    "start to first result",
    "round trip",
    "episodes per second",
    "memory per session",
    "reset to first result",
)
Measure = Callable[[Contender], Awaitable[dict[str, float]]]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.soak:
        return asyncio.run(soak(arguments.backends or ["jupyter", "fork"], arguments.soak, FOLDER))
    if arguments.idle:
        return asyncio.run(idle(arguments.backends or ["fork"], arguments.idle, FOLDER))
    return asyncio.run(_compare(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--backends", nargs="+", choices=sorted(BACKENDS), help="those that work here")
    parser.add_argument("--rounds", type=int, default=20, help="samples of starts, round trips, resets (20)")
    parser.add_argument("--episodes", type=int, default=40, help="episodes in one sample of throughput (40)")
    parser.add_argument("--workers", type=int, default=4, help="sessions at once in throughput (4)")
    parser.add_argument("--live", type=int, default=20, help="sessions alive for the memory figure (20)")
    parser.add_argument("--name", default="kernels", help="name of the result files (kernels)")
    parser.add_argument("--soak", type=int, metavar="N", help="instead: N open/close cycles and what is left")
    parser.add_argument("--idle", type=int, metavar="N", help="instead: memory of N live idle sessions")
    return parser


async def _compare(arguments: argparse.Namespace) -> int:
    about = machine.describe()
    contenders = await _contenders(arguments.backends or list(BACKENDS))
    samples: results.Samples = {contender.name: {} for contender in contenders}
    try:
        await _measure(contenders, samples, arguments)
    finally:
        for contender in contenders:
            await contender.close()
    summary = results.summarise(samples, YARDSTICK)
    judged = [found for target in _TARGETS if (found := target.judged(summary)) is not None]
    text = f"{results.table(summary)}\n\n{_told(judged)}\n\n{_about(about)}\n"
    record = {"machine": about, "samples": samples, "summary": summary, "targets": judged}
    results.write(FOLDER, arguments.name, record, text)
    results.draw(FOLDER / f"{arguments.name}.png", summary, SLOW, _DRAWN)
    sys.stdout.write(text)
    return 0


async def _contenders(names: Sequence[str]) -> list[Contender]:
    """The yardstick and all back ends that start here; the others are named with the reason."""
    found = [naive()]
    for name in names:
        for contender in _variants(name):
            try:
                await (await contender.start()).close()
            except (KernelError, ImportError) as error:
                sys.stderr.write(f"left out {contender.name}: {error}\n")
                await contender.close()
            else:
                found.append(contender)
    return found


def _variants(name: str) -> list[Contender]:
    if name in ("jupyter", "fork"):
        return [of_backend(name), of_backend(name, f"{name}, limits only", isolation="limits")]
    if name == "docker":
        return [of_backend(name), cold_container.contender(), autogen_executor.contender()]
    return [of_backend(name)]


async def _measure(
    contenders: Sequence[Contender], samples: results.Samples, arguments: argparse.Namespace
) -> None:
    some = max(3, arguments.rounds // 4)

    async def throughput(contender: Contender) -> dict[str, float]:
        scale = 4 if contender.name in SLOW else 1
        count = max(arguments.workers, arguments.episodes // scale)
        return await measures.episodes(contender, count=count, workers=arguments.workers)

    async def starts(contender: Contender) -> dict[str, float]:
        scale = 4 if contender.name in SLOW else 1
        count = max(arguments.workers, arguments.episodes // scale)
        return await measures.starts(contender, count=count, workers=arguments.workers)

    async def memory(contender: Contender) -> dict[str, float]:
        return await measures.memory(contender, count=arguments.live)

    # A peer that takes ten seconds to stop takes part in few rounds, and all others in them too.
    await _rounds("starts", some, contenders, measures.start, samples)
    await _rounds("round trips", some, contenders, measures.round_trip, samples)
    contenders = [contender for contender in contenders if contender.stateful]
    await _rounds("starts", arguments.rounds - some, contenders, measures.start, samples)
    await _rounds("round trips", arguments.rounds - some, contenders, measures.round_trip, samples)
    await _rounds("resets", arguments.rounds, contenders, measures.reset, samples)
    await _rounds("deaths", some, contenders, measures.death, samples)
    await _rounds("throughput of starts", some, contenders, starts, samples)
    await _rounds("throughput of episodes", some, contenders, throughput, samples)
    light = [contender for contender in contenders if contender.name != COLD]
    await _rounds("memory", 3, light, memory, samples)
    forkable = [contender for contender in contenders if await _can_fork(contender)]
    for megabytes in (0, 100):

        async def live_fork(contender: Contender, megabytes: int = megabytes) -> dict[str, float]:
            return await measures.live_fork(contender, megabytes=megabytes)

        await _rounds("live forks", arguments.rounds, forkable, live_fork, samples)


async def _rounds(
    what: str, count: int, contenders: Sequence[Contender], measure: Measure, samples: results.Samples
) -> None:
    """Takes one sample of every contender in each round, in a new order each time."""
    for number in range(count):
        sys.stderr.write(f"\r{what}: round {number + 1} of {count}   ")
        for contender in random.sample(contenders, len(contenders)):
            for metric, value in (await measure(contender)).items():
                samples[contender.name].setdefault(metric, []).append(value)
    sys.stderr.write("\n")


async def _can_fork(contender: Contender) -> bool:
    if contender.backend is None:
        return False
    return Feature.FORK in (await contender.backend.capabilities()).features


def _told(judged: Sequence[dict[str, object]]) -> str:
    lines = ["| target | against | ratio | bound | met |", "|---|---|---|---|---|"]
    for entry in judged:
        met = "yes" if entry["met"] else "**no**"
        lines.append(
            f"| {entry['what']} | {entry['against']} | {entry['ratio']:.3g}× | {entry['target']}× | {met} |"
        )
    return "\n".join(lines)


def _about(about: dict[str, object]) -> str:
    return "\n".join(f"- {key}: {value}" for key, value in about.items())


if __name__ == "__main__":
    sys.exit(main())
