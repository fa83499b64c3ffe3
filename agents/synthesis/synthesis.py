"""A whole synthesis in one folder: questions, then tasks, then files; every step that was done stays done.

Questions are all written before the first is solved, so that which of two duplicates stays depends on their
order alone. What is asked of models, run in sandboxes or decided goes to logs keyed by content: a start after
a cut-off, a larger budget or another threshold does only what is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ...envs.task_data.evaluation_index import EvaluationIndex
from ...envs.task_sources.bad_row import BadRow
from ...rewards.judge import Judge
from ...rewards.programs import SandboxedPrograms
from ...rewards.verdict import JudgeError
from ..evaluation.spending import Budget, Prices
from ..policies.policy import Policy, PolicyError, Sampling
from .content_key import content_key
from .gather_all import gather_all
from .ledger import Ledger, WorkStoppedError
from .logged_model import LoggedModel
from .outcome import Outcome
from .problem_seed import ProblemSeed
from .question import Question
from .question_filter import filtered
from .question_writer import QuestionWriter
from .rejection import Rejection
from .reply import Reply
from .sandbox_runs import SandboxRuns
from .stage_log import StageLog
from .synthesis_files import SynthesisFiles
from .synthesis_report import SynthesisReport
from .synthesis_settings import SynthesisSettings
from .task_maker import MakerLogs, TaskMaker

_REPLIES = ("plans", "statements", "solutions", "inputs", "tries")
_LEAST_FAULTS = 8
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Model:
    """A model and how it samples."""

    policy: Policy
    sampling: Sampling
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else its requests hold, on which replies depend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisPlan:
    """Everything that a synthesis needs to know."""

    folder: Path
    settings: SynthesisSettings
    author: Model
    verifier: Model
    prices: Prices = field(default_factory=Prices)
    budget: Budget = field(default_factory=Budget)
    near: float | None = None
    """Similarity from which questions are duplicates; None for equal texts only."""
    concurrency: int = 8
    """Requests at once."""
    sandboxes: int = 2
    """Programs at once."""
    easiest_first: bool = False
    """Tasks by their pass rate, the highest first, as a curriculum; else in the order of the questions."""


class Synthesis:
    """One start.

    Args:
        plan: What to do.
        on_step: Called with the name of a phase and the number of its items, whenever one of them is done.
    """

    def __init__(
        self, plan: SynthesisPlan, on_step: Callable[[str, int], None] = lambda _phase, _total: None
    ) -> None:
        self._plan, self._on_step = plan, on_step
        self._logs: dict[str, StageLog] = {}
        self._faults = 0
        self.fault: Exception | None = None
        """The last fault of an endpoint or a machine that left something undone."""
        self.ledger = Ledger(plan.prices, plan.budget)

    async def run(
        self,
        seeds: Sequence[ProblemSeed],
        given: Iterable[Question | BadRow] = (),
        against: EvaluationIndex | None = None,
    ) -> dict[str, Any]:
        """Makes tasks.

        Args:
            seeds: What questions are made of.
            given: Questions that are there.
            against: Evaluation sets with which no question may share text.

        Returns:
            The report, as it lies in the folder.
        """
        report = SynthesisReport()
        async with self._open() as (writer, maker):
            with SynthesisFiles(self._plan.folder, report) as files:
                written = await self._written(seeds, writer, files)
                every = [*written, *_sound(given, files)]
                sifted = filtered(every, against or EvaluationIndex(), near=self._plan.near)
                questions = list(_kept(sifted, files))
                report.seeds, report.questions = len(seeds), len(questions)
                await self._each("tasks", questions, lambda question: self._make(question, maker))
                report.unfinished += self._collect(questions, files)
                return files.finish(self._told())

    def _collect(self, questions: Sequence[Question], files: SynthesisFiles) -> int:
        """Writes what became of questions; says of how many that is not known."""
        log, keys = self._logs["outcomes"], map(self._outcome_key, questions)
        known = [key for key in keys if key in log]
        if self._plan.easiest_first:
            known.sort(key=lambda key: -(Outcome.model_validate(log.find(key)).pass_rate or 0.0))
        for key in known:
            files.add(Outcome.model_validate(log.find(key)))
        return len(questions) - len(known)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[QuestionWriter, TaskMaker]]:
        """Opens logs, sandboxes and judge, and closes them whatever happens."""
        plan, settings = self._plan, self._plan.settings
        async with AsyncExitStack() as stack:
            for name in (*_REPLIES, "runs", "verdicts", "outcomes"):
                log = StageLog(plan.folder / "stages" / f"{name}.jsonl")
                self._logs[name] = stack.enter_context(log)
            for name in _REPLIES:
                self.ledger.restore(map(Reply.model_validate, self._logs[name].values()))
            gate, places = asyncio.Semaphore(plan.concurrency), asyncio.Semaphore(plan.sandboxes)
            author, verifier = (
                LoggedModel(model.policy, model.sampling, self.ledger, gate, extra=model.extra)
                for model in (plan.author, plan.verifier)
            )
            self._identity = author.identity, verifier.identity
            judge = await stack.enter_async_context(Judge(plan.sandboxes))
            programs = SandboxedPrograms()
            stack.push_async_callback(programs.close)
            logs = MakerLogs(*(self._logs[name] for name in ("solutions", "inputs", "tries", "verdicts")))
            runs = SandboxRuns(programs, self._logs["runs"], places, settings.seconds)
            tries = verifier, plan.verifier.policy.name
            yield (
                QuestionWriter(author, self._logs["plans"], self._logs["statements"], settings.source),
                TaskMaker(author, tries, runs, judge, logs, settings),
            )

    async def _written(
        self, seeds: Sequence[ProblemSeed], writer: QuestionWriter, files: SynthesisFiles
    ) -> list[Question]:
        """Questions of the seeds, in the order of the seeds."""
        found: dict[int, Question | Rejection] = {}

        async def write(numbered: tuple[int, ProblemSeed]) -> None:
            found[numbered[0]] = await writer.write(numbered[1])

        await self._each("questions", list(enumerate(seeds)), write)
        files.report.unfinished += len(seeds) - len(found)
        return list(_kept((found[place] for place in sorted(found)), files))

    async def _make(self, question: Question, maker: TaskMaker) -> None:
        key = self._outcome_key(question)
        if key not in self._logs["outcomes"]:
            outcome = await maker.make(question)
            self._logs["outcomes"].add(key, outcome.model_dump(mode="json"))

    def _outcome_key(self, question: Question) -> str:
        settings = self._plan.settings.model_dump(mode="json")
        return content_key("outcome", question.model_dump(mode="json"), settings, self._identity)

    async def _each(
        self, phase: str, items: Sequence[_Item], work: Callable[[_Item], Awaitable[None]]
    ) -> None:
        """Works items off, several at once; what cannot be asked for any more is left undone."""
        left = iter(items)

        async def worker() -> None:
            for item in left:
                if self.ledger.halted:
                    return
                try:
                    await work(item)
                    self._faults = 0
                except WorkStoppedError:
                    continue
                except (PolicyError, JudgeError) as error:
                    self._count_fault(error)
                except Exception as error:
                    self.ledger.halt(f"{type(error).__name__}: {error}")
                    raise
                self._on_step(phase, len(items))

        await gather_all(worker() for _ in range(min(len(items), self._plan.concurrency)))

    def _count_fault(self, error: Exception) -> None:
        """Halts when nothing works any more."""
        self.fault = error
        self._faults += 1
        if self._faults >= max(_LEAST_FAULTS, 2 * self._plan.concurrency):
            self.ledger.halt(f"{self._faults} faults in a row; the last one: {error}")

    def _told(self) -> dict[str, Any]:
        spending = self.ledger.spending
        return {
            "prompt_tokens": spending.prompt_tokens,
            "completion_tokens": spending.completion_tokens,
            "tokens_estimated": spending.estimated,
            "cost": round(spending.cost, 6),
            "requests_of_this_start": self.ledger.requests,
            "stopped": self.ledger.stopped,
            "fault": str(self.fault or ""),
        }


def _sound(given: Iterable[Question | BadRow], files: SynthesisFiles) -> Iterable[Question]:
    for found in given:
        if isinstance(found, BadRow):
            files.set_aside(found)
        else:
            yield found


def _kept(found: Iterable[Question | Rejection], files: SynthesisFiles) -> Iterable[Question]:
    for each in found:
        if isinstance(each, Rejection):
            files.reject(each)
        else:
            yield each
