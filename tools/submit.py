"""The tool that hands in the final answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .interpreter_session import InterpreterSession, SubmissionError
from .tool import Observation


class SubmitArguments(BaseModel):
    """Arguments of the submission."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(description="Python source of the solution")


class Submit:
    """Takes the source text of a solution and ends the episode."""

    name = "submit"
    description = "Hands in the source text of the solution and ends the task."
    arguments: type[BaseModel] = SubmitArguments

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Records the submission."""
        try:
            session.hand_in(SubmitArguments.model_validate(arguments.model_dump()).source)
        except SubmissionError as error:
            return Observation(str(error), refused=True)
        return Observation("")
