"""Runs the programs of a suite and says what came of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from replgym.rewards import Judge, JudgeError, Outcome, Verdict

from .suite_programs import TARGETS, Program

SECONDS = 1.0
_PATIENCE = {"pytest": 3.0, "pytest-beside": 6.0}
"""How much more time kinds get that start a test runner: a busy machine must not end an attack early."""


@dataclass(frozen=True)
class Result:
    """What a program got for the hidden tests of one kind."""

    kind: str
    verdicts: tuple[Verdict, ...]
    fault: str = ""
    """Why there is no verdict, when the judge gave up."""

    @property
    def rewarded(self) -> bool:
        """Whether any test passed."""
        return any(verdict.fraction > 0 for verdict in self.verdicts)

    @property
    def all_passed(self) -> bool:
        """Whether every test passed, every time."""
        return not self.fault and all(verdict.passed for verdict in self.verdicts)

    def __str__(self) -> str:
        outcomes = [
            f"{test.name}: {test.outcome}" + (f" ({test.message})" if test.message else "")
            for verdict in self.verdicts
            for test in verdict.tests
        ]
        return f"{self.kind}: {self.fault or '; '.join(dict.fromkeys(outcomes))}"


async def judged(judge: Judge, program: Program, *, seconds: float = SECONDS) -> list[Result]:
    """Judges a program by all kinds of tests that it is for; its runs come one after the other."""
    return list(await asyncio.gather(*(_judged_by(judge, program, kind, seconds) for kind in program.kinds)))


async def _judged_by(judge: Judge, program: Program, kind: str, seconds: float) -> Result:
    verdicts = []
    try:
        for _ in range(program.runs):
            source = program.source_for(kind)
            limit = seconds * _PATIENCE.get(kind, 1.0)
            verdicts.append(await judge.grade(TARGETS[kind], source, time_limit=limit))
    except JudgeError as error:
        return Result(kind, tuple(verdicts), f"JudgeError: {error}")
    assert all(test.outcome in Outcome for verdict in verdicts for test in verdict.tests)
    return Result(kind, tuple(verdicts))
