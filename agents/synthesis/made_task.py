"""A question with its labelled tests, as a task, its evidence and its conversations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ...envs.task import Task, TaskMetadata
from ...envs.task_data.prompt_style import PromptStyle, first_messages
from ...envs.task_sources.conversation import Conversation, Message
from .labelled_tests import LabelledTests
from .outcome import Evidence
from .question import Question
from .synthesis_settings import SynthesisSettings

_MOST_WRONG = 4
_LEAST_SECONDS = 10.0
_THIRDS = ((2 / 3, "easy"), (1 / 3, "medium"))


@dataclass(frozen=True, slots=True)
class MadeTask:
    """What a task is made of; solutions are pairs of a program and the whole reply with it."""

    question: Question
    tests: LabelledTests
    solutions: tuple[tuple[str, str], ...]
    settings: SynthesisSettings
    verifier: str = ""
    tries: tuple[bool, ...] = ()

    def verified(self, verifier: str, tries: tuple[bool, ...]) -> MadeTask:
        """The same with the tries of a verifier."""
        return replace(self, verifier=verifier, tries=tries)

    @property
    def evidence(self) -> Evidence:
        """Why it is believed to be sound."""
        return Evidence(
            id=self.question.id,
            style=self.question.style,
            features=self.question.features,
            seed=self.question.seed,
            solutions=len(self.solutions),
            agreements=tuple(round(label.agreement, 4) for label in self.tests.labels),
            passed=tuple(round(sum(row) / len(row), 4) for row in self.tests.passed),
            golden=self.tests.golden,
            verifier=self.verifier if self.tries else "",
            pass_sequence=self.tries,
        )

    @property
    def task(self) -> Task:
        """The task; solutions that wrote something else than a label are its wrong programs."""
        evidence = self.evidence
        tags = [*self.question.features, f"agreement={evidence.agreement:.2f}"]
        if self.question.style:
            tags.insert(0, self.question.style)
        if evidence.pass_rate is not None:
            tags.append(f"pass_rate={evidence.pass_rate:.2f}")
        return Task(
            id=self.question.id,
            prompt=self.question.prompt,
            tests=self.tests.tests(self.question.entry_point, self.settings.seconds),
            metadata=TaskMetadata(
                source=self.settings.source,
                difficulty=difficulty_of(evidence.pass_rate),
                tags=tuple(tags),
                time_limit=self._time_limit(),
            ),
            reference=self.solutions[self.tests.golden][0],
            wrong=self._wrong(),
        )

    def conversations(self) -> tuple[Conversation, ...]:
        """Each distinct reply whose program passes every test, as an answer to the plain prompt."""
        task, found = self.task, dict[str, Conversation]()
        asked = first_messages(task, PromptStyle.PLAIN)
        for (program, reply), passed in zip(self.solutions, self.tests.passed, strict=True):
            if all(passed) and program not in found:
                found[program] = Conversation(
                    id=f"{task.id}#{len(found)}",
                    source=task.metadata.source,
                    messages=(
                        *(Message.model_validate(message) for message in asked),
                        Message(role="assistant", content=reply),
                    ),
                    tags=("verified", task.metadata.difficulty),
                )
        return tuple(found.values())

    def _wrong(self) -> tuple[str, ...]:
        programs = (
            program for place, (program, _) in enumerate(self.solutions) if self.tests.is_mistaken(place)
        )
        return tuple(dict.fromkeys(programs))[:_MOST_WRONG]

    def _time_limit(self) -> float:
        """For all tests together: as if each took half of what it may."""
        return float(max(_LEAST_SECONDS, math.ceil(len(self.tests.labels) * self.settings.seconds / 2)))


def difficulty_of(pass_rate: float | None) -> str:
    """Thirds of the pass rate; a task that no try solves is very hard, or its labels are wrong."""
    if pass_rate is None:
        return "unknown"
    if pass_rate == 0:
        return "very_hard"
    return next((name for least, name in _THIRDS if pass_rate >= least), "hard")
