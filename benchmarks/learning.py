"""What an interpreter is worth in training: one that keeps variables, one that does not, and none.

    python benchmarks/learning.py --runs runs/learning               three modes, seeds 0, 1, 2
    python benchmarks/learning.py --runs runs/learning --report      of what is there; nothing is trained
    python benchmarks/learning.py --modes stateless --seeds 3 --also benchmarks/results/learning.json
                                                                     one run more than the page has

Each run is the default training (`replgym train`) in another mode: demonstrations, warm start, measurement,
GRPO, measurement. Runs that are there go on or are taken as they are. All are measured on the same held-out
tasks, so modes are compared task by task; results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import machine
import results
from learning_curves import draw
from learning_runs import LearningRun, compared, read_runs, with_recorded

FOLDER = Path(__file__).parent / "results"
MODES = ("stateful", "stateless", "no-tool")


def main(argv: Sequence[str] | None = None) -> int:
    """Trains what is missing and writes the page; returns the exit code."""
    arguments = _parser().parse_args(argv)
    before = machine.describe()
    if not arguments.report:
        for seed in arguments.seeds:
            for mode in arguments.modes:
                _train(arguments.runs, mode, seed, arguments.overrides)
    runs = read_runs(arguments.runs, arguments.modes, arguments.seeds)
    if arguments.also is not None:
        runs = with_recorded(runs, arguments.also, MODES)
    if not runs:
        sys.stderr.write(f"--runs {str(arguments.runs)!r} holds no finished run; leave --report out\n")
        return 2
    modes = [mode for mode in MODES if any(run.mode == mode for run in runs)]
    pairs = compared(runs, modes)
    record = {"machine": before, "runs": [run.record() for run in runs], "compared": pairs}
    text = _text(before, runs, modes, pairs)
    results.write(arguments.folder, "learning", record, text)
    draw(runs, modes, arguments.folder / "learning.png")
    sys.stdout.write(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/learning"), help="(%(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="(0 1 2)")
    parser.add_argument("--modes", choices=MODES, nargs="+", default=MODES, help="(all)")
    parser.add_argument("--also", type=Path, metavar="FILE", help="runs of an earlier page are kept")
    parser.add_argument("--report", action="store_true", help="train nothing, report on what is there")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    parser.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="other settings of all runs"
    )
    return parser


def _train(runs: Path, mode: str, seed: int, overrides: Sequence[str]) -> None:
    name = f"{mode}-{seed}"
    command = [sys.executable, "-m", "replgym.cli", "train", "--runs", str(runs)]
    if (runs / name).exists():
        if LearningRun.is_done(runs / name):
            return
        command.append("--resume")
    settings = [f"name={name}", f"env.mode={mode}", f"seed={seed}", *overrides]
    subprocess.run([*command, *settings], check=True)


def _text(
    before: dict[str, object],
    runs: Sequence[LearningRun],
    modes: Sequence[str],
    pairs: Sequence[Mapping[str, Any]],
) -> str:
    first = runs[0]
    lines = [
        "# Learning with and without an interpreter",
        "",
        f"`{before['command']}`, {before['date']}, {before['cpu']}, {before['cores']} cores. "
        f"{first.steps} steps of GRPO with {first.episodes_per_step} episodes each; "
        f"{first.tasks} held-out tasks, {first.samples} samples of each.",
        "",
        "| mode | seed | before | after | after, greedy |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {run.mode} | {run.seed} | {' | '.join(map(run.told, ('before', 'after', 'after-greedy')))} |"
        for run in runs
    ]
    lines += ["", "| level | " + " | ".join(modes) + " |", "|---" * (len(modes) + 1) + "|"]
    for level in sorted({level for run in runs for level in run.levels}):
        cells = [_level(level, [run for run in runs if run.mode == mode]) for mode in modes]
        lines.append(f"| {level}, before → after | {' | '.join(cells)} |")
    told = (
        "Success is the share of held-out episodes that pass every hidden test, with 95 % bootstrap "
        "intervals by task."
    )
    if pairs:
        lines += _differences(pairs)
        told += (
            " Differences are paired by task over the seeds that both modes have; their intervals are of "
            "the tasks drawn, not of the seeds, which the first table shows one by one."
        )
    return "\n".join([*lines, "", told, ""])


def _differences(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table of the modes two by two."""
    lines = ["", "| | difference of success after training | 95 % interval | p (permutation, Holm) |"]
    lines.append("|---|---|---|---|")
    lines += [
        f"| {pair['first']} − {pair['second']} | {100 * pair['difference']:+.1f} points "
        f"| {100 * pair['low']:+.1f} to {100 * pair['high']:+.1f} | {pair['p']:.2g} |"
        for pair in pairs
    ]
    return lines


def _level(level: str, runs: Sequence[LearningRun]) -> str:
    shares = [run.levels[level] for run in runs if level in run.levels]
    if not shares:
        return "–"
    before, after = (sum(part) / len(shares) for part in zip(*shares, strict=True))
    return f"{100 * before:.0f} % → {100 * after:.0f} %"


if __name__ == "__main__":
    sys.exit(main())
