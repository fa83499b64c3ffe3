"""Makes a task of a question: solutions, inputs, labels by vote, a golden solution, a pass rate.

Nothing is believed because a model said so. Labels are what several solutions computed in sandboxes; the
golden solution must pass the finished tests before the judge; the pass rate is of tries that the same judge
graded, as in KodCode's self-verification (arXiv 2503.02951).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...envs.task import Task
from ...rewards.judge import Judge
from ...rewards.verdict import BrokenTaskError
from ..policies.policy import ContextOverflowError
from . import prompts
from .content_key import content_key
from .gather_all import gather_all
from .labelled_tests import LabelledTests, label_tests
from .logged_model import LoggedModel
from .made_task import MadeTask
from .outcome import Outcome, Tally
from .question import Question
from .rejection import Reason, RejectedError, Rejection
from .reply import Reply, inputs_in, program_in, values_in
from .sandbox_runs import SandboxRuns
from .stage_log import StageLog
from .synthesis_settings import SynthesisSettings

_LONGEST_INPUT = 1 << 20
_EXCERPT = 500


@dataclass(frozen=True, slots=True)
class MakerLogs:
    """Where replies and verdicts are kept, stage by stage."""

    solutions: StageLog
    inputs: StageLog
    tries: StageLog
    verdicts: StageLog


@dataclass(frozen=True, slots=True)
class Solution:
    """A reply that passed the filters."""

    reply: Reply
    program: str


class TaskMaker:
    """Makes tasks.

    Args:
        author: The model that writes solutions and inputs.
        verifier: The model whose tries make the pass rate, and what it is called.
        runs: Where solutions run to vote.
        judge: Who grades the golden solution and the tries.
        logs: Where replies and verdicts are kept.
        settings: Numbers and thresholds.
    """

    def __init__(
        self,
        author: LoggedModel,
        verifier: tuple[LoggedModel, str],
        runs: SandboxRuns,
        judge: Judge,
        logs: MakerLogs,
        settings: SynthesisSettings,
    ) -> None:
        self._author = author
        self._verifier, self._verifier_name = verifier
        self._runs, self._judge = runs, judge
        self._logs, self._settings = logs, settings

    async def make(self, question: Question) -> Outcome:
        """The task of a question, or why there is none.

        Raises:
            WorkStoppedError: If no further request may start.
            PolicyError: If the endpoint failed; the question stays as it is.
            JudgeError: If the machine failed; the same.
        """
        tally, rejected = Tally(), list[Rejection]()
        made = None
        try:
            made = await self._made(question, tally, rejected)
        except RejectedError as error:
            rejected.append(_rejection("task", question, error))
        except BrokenTaskError as error:
            rejected.append(_rejection("task", question, RejectedError(Reason.BROKEN_TESTS, str(error))))
        except ContextOverflowError as error:
            rejected.append(_rejection("task", question, RejectedError(Reason.CUT_OFF, str(error))))
        return Outcome(
            id=question.id,
            task=made and made.task,
            evidence=made and made.evidence,
            conversations=made.conversations() if made else (),
            rejected=tuple(rejected),
            tally=tally,
        )

    async def _made(self, question: Question, tally: Tally, rejected: list[Rejection]) -> MadeTask:
        solutions = await self._solutions(question, tally, rejected)
        if len(solutions) < self._settings.min_solutions:
            raise RejectedError(
                Reason.FEW_SOLUTIONS,
                f"{len(solutions)} solutions pass the filters, not {self._settings.min_solutions}",
            )
        inputs = await self._inputs(question, rejected)
        tally.inputs = len(inputs)
        tests = await self._labelled(question, solutions, inputs, tally, rejected)
        made = MadeTask(
            question,
            tests,
            tuple((solution.program, solution.reply.text) for solution in solutions),
            self._settings,
        )
        task = made.task
        await self._check_golden(task)
        made = made.verified(self._verifier_name, await self._tries(question, task))
        self._check_rate(made)
        return made

    async def _solutions(self, question: Question, tally: Tally, rejected: list[Rejection]) -> list[Solution]:
        messages = prompts.solution(question)
        replies = await gather_all(
            self._author.ask(self._logs.solutions, messages, number)
            for number in range(self._settings.solutions)
        )
        found = []
        for reply in replies:
            try:
                found.append(Solution(reply, program_in(reply, question.entry_point, self._tokens)))
            except RejectedError as error:
                rejected.append(_rejection("solution", question, error, reply.text))
        tally.solutions, tally.programs = len(replies), len(found)
        return found

    async def _inputs(self, question: Question, rejected: list[Rejection]) -> list[Any]:
        """Distinct inputs of all sources in turn, so that the limit takes as much of each."""
        wanted = self._settings.inputs
        asked = [prompts.generator(question, wanted)] * self._settings.generators
        listed = [prompts.listed_inputs(question, wanted)] * self._settings.lists
        replies = await gather_all(
            self._author.ask(self._logs.inputs, messages, number)
            for part in (asked, listed)
            for number, messages in enumerate(part)
        )
        lists = []
        for reply in replies:
            try:
                lists.append(_usable(await self._values(reply), question))
            except RejectedError as error:
                rejected.append(_rejection("inputs", question, error, reply.text))
        return _in_turn(lists)[: self._settings.max_tests]

    async def _values(self, reply: Reply) -> list[Any]:
        source = inputs_in(reply)
        return values_in(source.listed or await self._runs.written_by(source.program))

    async def _labelled(
        self,
        question: Question,
        solutions: list[Solution],
        inputs: list[Any],
        tally: Tally,
        rejected: list[Rejection],
    ) -> LabelledTests:
        programs = [solution.program for solution in solutions]
        distinct = list(dict.fromkeys(programs))
        outputs = await gather_all(
            self._runs.outputs(program, question.entry_point, inputs) for program in distinct
        )
        of_program = dict(zip(distinct, outputs, strict=True))
        runs = [of_program[program] for program in programs]
        found = label_tests(inputs, runs, min_agreement=self._settings.min_agreement)
        tally.labels = len(found.labels)
        tally.agreements = [label.agreement for label in found.labels]
        if found.labels and found.golden_share < self._settings.min_golden:
            self._set_aside(question, found, rejected)
            raise RejectedError(
                Reason.NO_GOLDEN,
                f"the best solution agrees with {100 * found.golden_share:.0f} % of the labels",
            )
        tests = found.where_golden_agrees()
        self._set_aside(question, tests, rejected)
        self._check_tests(tests)
        return tests

    def _set_aside(self, question: Question, tests: LabelledTests, rejected: list[Rejection]) -> None:
        for value, reason, told in tests.unlabelled:
            error = RejectedError(reason, told)
            rejected.append(_rejection("label", question, error, str(value)))

    def _check_tests(self, tests: LabelledTests) -> None:
        count, wanted = len(tests.labels), self._settings.min_tests
        if count < wanted:
            raise RejectedError(Reason.FEW_TESTS, f"{count} inputs have a label, not {wanted}")
        if count > 1 and len({label.output for label in tests.labels}) == 1:
            raise RejectedError(
                Reason.SAME_OUTPUT, f"all {count} labels are {tests.labels[0].output[:100]!r}"
            )

    async def _check_golden(self, task: Task) -> None:
        assert task.reference is not None
        if not await self._passes(task, task.reference):
            raise RejectedError(Reason.NO_GOLDEN, "the golden solution fails before the judge")

    async def _tries(self, question: Question, task: Task) -> tuple[bool, ...]:
        """Whether each try of the verifier passes; one without a program does not."""
        messages, first = prompts.solution(question), self._settings.solutions
        replies = await gather_all(
            self._verifier.ask(self._logs.tries, messages, first + number)
            for number in range(self._settings.tries)
        )
        return tuple(await gather_all(self._solves(reply, question, task) for reply in replies))

    async def _solves(self, reply: Reply, question: Question, task: Task) -> bool:
        try:
            program = program_in(reply, question.entry_point, (0, reply.completion_tokens))
        except RejectedError:
            return False
        return await self._passes(task, program)

    async def _passes(self, task: Task, program: str) -> bool:
        seconds, log = task.metadata.time_limit, self._logs.verdicts
        key = content_key("verdict", task.tests.model_dump(mode="json"), program, seconds)
        if key not in log:
            verdict = await self._judge.grade(task.tests, program, time_limit=seconds)
            log.add(key, verdict.passed)
        return bool(log.find(key))

    def _check_rate(self, made: MadeTask) -> None:
        rate, settings = made.evidence.pass_rate, self._settings
        if rate is not None and not settings.min_pass_rate <= rate <= settings.max_pass_rate:
            told = f"{settings.min_pass_rate:g} to {settings.max_pass_rate:g}"
            raise RejectedError(Reason.PASS_RATE, f"the pass rate is {rate:.2f}, not {told}")

    @property
    def _tokens(self) -> tuple[int, int]:
        return self._settings.min_tokens, self._settings.max_tokens


def _usable(values: list[Any], question: Question) -> list[Any]:
    """The inputs that have the right form and are not too long."""
    form = list if question.entry_point else str
    usable = [
        value
        for value in values
        if isinstance(value, form) and len(value if isinstance(value, str) else repr(value)) <= _LONGEST_INPUT
    ]
    if not usable:
        raise RejectedError(
            Reason.MALFORMED, "none of the inputs is a list of arguments or a text, as is needed"
        )
    return usable


def _in_turn(lists: Iterable[list[Any]]) -> list[Any]:
    """The first of each list, then the second of each: every value once."""
    left, found, seen = [list(reversed(each)) for each in lists], list[Any](), set[str]()
    while any(left):
        for each in left:
            if each and repr(value := each.pop()) not in seen:
                seen.add(repr(value))
                found.append(value)
    return found


def _rejection(stage: str, question: Question, error: RejectedError, excerpt: str = "") -> Rejection:
    return Rejection(
        stage=stage,
        id=question.id,
        reason=error.reason,
        message=str(error)[:_EXCERPT],
        excerpt=excerpt[:_EXCERPT],
    )
