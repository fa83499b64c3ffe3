"""Whether task sets are fit to train on, here: references pass, programs known to be wrong fail.

Every task that was checked is one line of a log, so that a check that was stopped goes on where it was. A
fault of the machine is written as such, and checked anew the next time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ...rewards.judge import Judge
from ...rewards.verdict import BrokenTaskError, JudgeError, Outcome, Verdict
from ..task import Task
from .wrong_programs import WrongProgram, wrong_programs


class TaskCheck(BaseModel):
    """What was found about one task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    reference: bool | None = None
    """Whether the reference passes; None where there is none."""
    message: str = ""
    """The first test that the reference fails, or what is broken."""
    wrong: int = 0
    """Programs that are wrong for certain and were judged."""
    accepted: tuple[str, ...] = ()
    """Those of them that passed: false positives."""
    mutants: int = 0
    survivors: tuple[str, ...] = ()
    """Mutants that passed; some of them may be right."""
    broken: bool = False
    """The tests themselves cannot judge anything."""
    failed: bool = False
    """The machine failed; nothing is known."""

    @property
    def bad(self) -> bool:
        """True when the task should not be trained on."""
        return self.broken or self.reference is False or bool(self.accepted)


@dataclass(frozen=True, slots=True)
class ValidationSummary:
    """Counts over all checks."""

    tasks: int
    references: int
    """Tasks with a reference."""
    references_passed: int
    wrong: int
    """Programs judged that are wrong for certain."""
    wrong_accepted: int
    mutants: int
    survivors: int
    failures: int
    """Tasks that the machine failed."""
    bad: tuple[str, ...]
    """Ids of tasks whose tests are broken, fail the reference or accept a wrong program."""

    @classmethod
    def of(cls, checks: Iterable[TaskCheck]) -> ValidationSummary:
        """Counts."""
        known = tuple(checks)
        return cls(
            tasks=len(known),
            references=sum(check.reference is not None for check in known),
            references_passed=sum(check.reference is True for check in known),
            wrong=sum(check.wrong for check in known),
            wrong_accepted=sum(len(check.accepted) for check in known),
            mutants=sum(check.mutants for check in known),
            survivors=sum(len(check.survivors) for check in known),
            failures=sum(check.failed for check in known),
            bad=tuple(check.id for check in known if check.bad),
        )

    @property
    def false_positive_rate(self) -> float | None:
        """Share of wrong programs that passed; None when there were none."""
        return self.wrong_accepted / self.wrong if self.wrong else None


class Validation:
    """Checks tasks with one judge."""

    def __init__(self, judge: Judge, *, mutants: int = 3, references_only: bool = False) -> None:
        """Takes a judge, which stays the caller's to close.

        Args:
            judge: Who grades.
            mutants: Mutants of each reference.
            references_only: Whether wrong programs are left out.
        """
        self._judge, self._mutants, self._references_only = judge, mutants, references_only

    async def check(self, task: Task) -> TaskCheck:
        """Judges the reference of a task and its wrong programs."""
        try:
            reference, message = await self._reference(task)
            passed = [
                (program, await self._passes(task, program.source))
                for program in self._wrong(task, self._mutants if reference else 0)
            ]
        except BrokenTaskError as error:
            return TaskCheck(id=task.id, message=str(error)[:500], broken=True)
        except JudgeError as error:
            return TaskCheck(id=task.id, message=str(error)[:500], failed=True)
        certain = [(program.name, accepted) for program, accepted in passed if program.certain]
        mutants = [(program.name, accepted) for program, accepted in passed if not program.certain]
        return TaskCheck(
            id=task.id,
            reference=reference,
            message=message,
            wrong=len(certain),
            accepted=tuple(name for name, accepted in certain if accepted),
            mutants=len(mutants),
            survivors=tuple(name for name, accepted in mutants if accepted),
        )

    async def run(
        self,
        tasks: Iterable[Task],
        log: Path,
        *,
        concurrency: int,
        on_check: Callable[[TaskCheck], None] = lambda _check: None,
    ) -> ValidationSummary:
        """Checks tasks that the log does not hold yet, several at a time.

        Args:
            tasks: Read one after the other, as they are needed.
            log: One line a task; made when it is not there.
            concurrency: Tasks at the same time.
            on_check: Called with every check, also those of earlier runs.

        Returns:
            The counts over earlier and new checks.
        """
        done = {check.id: check for check in read_checks(log) if not check.failed}
        for check in done.values():
            on_check(check)
        left, turn = (task for task in tasks if task.id not in done), asyncio.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        _cut_to_whole_lines(log)
        with log.open("a", encoding="utf-8") as file:

            async def work() -> None:
                while (task := await _next(left, turn)) is not None:
                    check = await self.check(task)
                    done[task.id] = check
                    file.write(check.model_dump_json() + "\n")
                    file.flush()
                    on_check(check)

            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work())
        return ValidationSummary.of(done.values())

    async def _reference(self, task: Task) -> tuple[bool | None, str]:
        if task.reference is None:
            return None, ""
        verdict = await self._graded(task, task.reference)
        return verdict.passed, _first_fault(verdict)

    def _wrong(self, task: Task, mutants: int) -> tuple[WrongProgram, ...]:
        return () if self._references_only else wrong_programs(task, mutants=mutants)

    async def _passes(self, task: Task, source: str) -> bool:
        return (await self._graded(task, source)).passed

    async def _graded(self, task: Task, source: str) -> Verdict:
        return await self._judge.grade(task.tests, source, time_limit=task.metadata.time_limit)


async def _next(tasks: Iterator[Task], turn: asyncio.Lock) -> Task | None:
    """The next task, read by one worker at a time in a thread, since files may be slow."""
    async with turn:
        return await asyncio.to_thread(next, tasks, None)


def read_checks(log: Path) -> Iterator[TaskCheck]:
    """The checks of a log, in their order; a last line that was cut off by a crash is left out."""
    if log.exists():
        with log.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    yield TaskCheck.model_validate(json.loads(line))


def _cut_to_whole_lines(log: Path) -> None:
    """Removes a last line that a crash cut off, so that the next one begins anew."""
    if log.exists():
        with log.open("rb+") as file:
            file.truncate(sum(len(line) for line in file if line.endswith(b"\n")))


def _first_fault(verdict: Verdict) -> str:
    fault = next((test for test in verdict.tests if test.outcome is not Outcome.PASSED), None)
    return f"{fault.name}: {fault.outcome}: {fault.message}"[:500] if fault else ""
