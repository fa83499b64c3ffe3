"""Makes a problem of features in two stages, as X-Coder does (arXiv 2601.06953): a plan, then the statement.

A model that writes at once leaves the difficult features out; one that has planned keeps to its plan.
"""

from __future__ import annotations

from ..policies.policy import ContextOverflowError
from . import prompts
from .content_key import content_key
from .logged_model import LoggedModel
from .problem_seed import ProblemSeed
from .question import Question
from .rejection import Reason, RejectedError, Rejection
from .reply import entry_point_in, statement_in
from .stage_log import StageLog

_EXCERPT = 500


class QuestionWriter:
    """Writes statements.

    Args:
        model: Who writes.
        plans: Where replies of the first stage are kept.
        statements: Where those of the second are.
        source: What ids begin with.
    """

    def __init__(self, model: LoggedModel, plans: StageLog, statements: StageLog, source: str) -> None:
        self._model, self._plans, self._statements = model, plans, statements
        self._source = source

    async def write(self, seed: ProblemSeed) -> Question | Rejection:
        """The problem of a seed.

        Raises:
            WorkStoppedError: If no further request may start.
            PolicyError: If the endpoint failed.
        """
        reply = None
        try:
            reply = await self._model.ask(self._plans, prompts.analysis(seed))
            plan = reply.answer
            reply = await self._model.ask(self._statements, prompts.statement(seed, plan))
            text = statement_in(reply)
            entry_point = entry_point_in(text) if seed.style.by_call else ""
        except RejectedError as error:
            excerpt = reply.text[:_EXCERPT] if reply else ""
            return Rejection(
                stage="seed", id=seed.key, reason=error.reason, message=str(error), excerpt=excerpt
            )
        except ContextOverflowError as error:
            return Rejection(stage="seed", id=seed.key, reason=Reason.CUT_OFF, message=str(error)[:_EXCERPT])
        return Question(
            id=f"{self._source}/{content_key(text, entry_point)[:16]}",
            text=text,
            entry_point=entry_point,
            style=seed.style.value,
            features=seed.features,
            seed=seed.key,
        )
