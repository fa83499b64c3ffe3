"""A training step side by side: this project's agent loop in verl, verl's own with the same work, and TRL.

    python benchmarks/train_step.py            four steps of 32 episodes for each trainer; about 25 minutes
    python benchmarks/train_step.py --quick    minutes, to see that it runs; nothing to be quoted
    python benchmarks/train_step.py --trainers "replgym, stateless" "verl, process per call"

All train the same small model on the same tasks, on the CPU, with the same tokens sampled, cells run and
programs graded. TRL stands in an environment of its own, which `scripts/setup_adapters.sh trl` builds.
Trainers take turns in a new order each round. What the figures mean is written below the tables, in
benchmarks/results/train-step.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import machine
import results
from train_step_notes import read_notes, steps_of
from train_step_outcome import Outcome
from train_step_text import page
from train_step_verl import ARMS, train
from train_step_work import SIZE, Given, write_model

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "results"
TRL = {"TRL, process per call": False, "TRL, replgym's interpreters": True}
"""Whether the tool takes an interpreter of this project."""
_WAITING = ("replgym, stateless", "verl, process per call", "TRL, process per call")
"""Who trains with cells that wait, too."""
_QUICK = {"rounds": 1, "tasks": 2, "samples": 2, "steps": 1, "wait": 0.0}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.quick:
        vars(arguments).update(_QUICK)
    if any(name in TRL for name in arguments.trainers) and not arguments.trl.exists():
        sys.stderr.write("TRL is not there; run: scripts/setup_adapters.sh trl\n")
        return 2
    return asyncio.run(_run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [*ARMS, *TRL]
    parser.add_argument("--trainers", nargs="+", choices=names, default=names, help="who trains")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each, with short cells (1)")
    parser.add_argument("--tasks", type=int, default=4, help="tasks of a step (4)")
    parser.add_argument("--samples", type=int, default=8, help="episodes of a task (8)")
    parser.add_argument("--steps", type=int, default=4, help="measured steps of a run (4)")
    parser.add_argument(
        "--wait", type=float, default=0.15, help="seconds of cells that wait; 0 for none (0.15)"
    )
    parser.add_argument("--updates", type=int, default=120, help="that the model learns its lines in (120)")
    parser.add_argument(
        "--trl", type=Path, default=ROOT / ".adapters/trl/bin/python", help="TRL's Python (.adapters/trl)"
    )
    parser.add_argument("--quick", action="store_true", help="a few episodes")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results go (benchmarks/results)")
    parser.add_argument("--name", default="train-step", help="name of the result files (train-step)")
    return parser


async def _run(arguments: argparse.Namespace) -> int:
    about = machine.describe(("verl", "ray", "torch", "transformers"))
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, "short cells")
        given, outcomes = await _rounds(arguments, own, arguments.trainers, arguments.rounds, 0.0)
        waiting: dict[str, list[Outcome]] = {}
        if arguments.wait:
            few = [name for name in arguments.trainers if name in _WAITING]
            _, waiting = await _rounds(arguments, Path(folder, "waiting cells"), few, 1, arguments.wait)
    shown = asdict(given) | {"model": SIZE.architecture(), "wait": [0, arguments.wait]}
    record, text = page(about, shown, outcomes, waiting)
    results.write(arguments.folder, arguments.name, record, text)
    sys.stdout.write(text)
    return 0


async def _rounds(
    arguments: argparse.Namespace, folder: Path, trainers: Sequence[str], rounds: int, wait: float
) -> tuple[Given, dict[str, list[Outcome]]]:
    """One run of every trainer in each round, with a model that has learnt its lines."""
    model = folder / "model"
    loss = await write_model(model, arguments.tasks, arguments.updates, wait)
    sys.stderr.write(f"the model knows its lines, with a loss of {loss:.4f}\n")
    given = Given(str(model), arguments.tasks, arguments.samples, arguments.steps + 2, wait)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in trainers}
    for number in range(rounds):
        for place, name in enumerate(random.sample(trainers, len(trainers))):
            sys.stderr.write(f"round {number + 1} of {rounds}: {name}\n")
            own = folder / f"{number}-{place}"
            own.mkdir()
            made = _by_trl(name, arguments.trl, given, own) if name in TRL else train(ARMS[name], given, own)
            outcomes[name].append(await made)
    return replace(given, model="model"), outcomes


async def _by_trl(name: str, python: Path, given: Given, folder: Path) -> Outcome:
    """Has a process of TRL's environment train."""
    job = {
        "given": asdict(given),
        "folder": str(folder),
        "python": sys.executable,
        "pooled": TRL[name],
    }
    process = await asyncio.create_subprocess_exec(
        *(str(python), str(Path(__file__).with_name("train_step_trl.py"))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    )
    try:
        output, _ = await process.communicate(json.dumps(job).encode() + b"\n")
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"TRL ended with exit code {process.returncode}; its last words are above")
    told = json.loads(output.decode().splitlines()[-1])
    return Outcome(
        steps=steps_of(read_notes(folder / "notes.jsonl")),
        update={int(step): seconds for step, seconds in told["update"].items()},
        reward={int(step): reward for step, reward in told["reward"].items()},
        version=told["version"],
    )


if __name__ == "__main__":
    sys.exit(main())
