"""Drops questions that repeat another one, or share text with an evaluation set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...envs.task_data.duplicate_finder import DuplicateFinder
from ...envs.task_data.evaluation_index import EvaluationIndex
from ...envs.task_data.set_choice import SetChoice
from ...envs.task_sources.bad_row import BadRow
from .question import Question
from .rejection import Reason, Rejection

_EXCERPT = 500


def index_of(choices: Iterable[SetChoice]) -> EvaluationIndex:
    """The texts of evaluation sets; rows that cannot be read are left out."""
    index = EvaluationIndex()
    for choice in choices:
        for found in choice.read():
            if not isinstance(found, BadRow):
                index.add(found.id, found.prompt)
    return index


def filtered(
    questions: Iterable[Question], index: EvaluationIndex, *, near: float | None
) -> Iterator[Question | Rejection]:
    """The questions in their order, those that are dropped as rejections.

    Args:
        questions: Questions; of those that are the same the first stays.
        index: The evaluation sets.
        near: Similarity from which two are the same; None for equal texts only.
    """
    with DuplicateFinder(near=near) as seen:
        for question in questions:
            if hit := index.collision(question.text):
                told = f"it shares with {hit.evaluation_task}: {hit.shared}"
                yield _dropped(question, Reason.CONTAMINATED, told)
            elif same := seen.add(question.id, question.text):
                reason = Reason.NEAR_DUPLICATE if same.near else Reason.DUPLICATE
                yield _dropped(question, reason, f"of {same.of}, similarity {same.similarity:.2f}")
            else:
                yield question


def _dropped(question: Question, reason: Reason, message: str) -> Rejection:
    return Rejection(
        stage="question", id=question.id, reason=reason, message=message, excerpt=question.text[:_EXCERPT]
    )
