"""A process that plays episodes in one way: a line with a job comes in, a line with its figures goes out."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import TextIO

from rollout_measure import Job, sample
from rollout_work import Work

PLAYERS = {
    "replgym": "rollout_players:overlapped",
    "barrier": "rollout_players:barrier",
    "verl": "verl_player:stateless",
    "verl, replayed": "verl_player:replayed",
}


async def serve(name: str, jobs: TextIO, answers: TextIO) -> None:
    """Serves until there are no more jobs."""
    module, _, function = PLAYERS[name].partition(":")
    player = getattr(importlib.import_module(module), function)
    answers.write("ready\n")
    answers.flush()
    while line := await asyncio.to_thread(jobs.readline):
        job = Job(**json.loads(line))
        work = Work(job.episodes, job.seed)
        async with player(job, work) as play:
            answers.write("begins\n")
            answers.flush()
            spent = _cpu_seconds()
            figures = await sample(job, work, play)
        # The processes below are counted when they are gone.
        spent = _cpu_seconds() - spent
        figures["cpu per episode"] = spent / job.episodes
        figures["machine CPU"] = spent / figures["wall"] / (os.cpu_count() or 1)
        answers.write(json.dumps({"figures": figures, "work": work.facts()}) + "\n")
        answers.flush()


def _cpu_seconds() -> float:
    """Of this process and of all below it that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    """Serves on standard input and output; what a library prints is no answer."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asyncio.run(serve(sys.argv[1], sys.stdin, answers))


if __name__ == "__main__":
    main()
