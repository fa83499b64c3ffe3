"""What is kept of what a model writes."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SynthesisSettings(BaseModel):
    """Numbers and thresholds of a synthesis; those of models and machines are elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(default="synthetic", min_length=1)
    """What tasks name as their source, and what their ids begin with."""
    solutions: int = Field(default=8, ge=2)
    """Solutions sampled of each question."""
    min_tokens: int = Field(default=1, ge=0)
    """The least tokens of the reply with a solution, where the endpoint counts them."""
    max_tokens: int = Field(default=1 << 20, ge=1)
    min_solutions: int = Field(default=2, ge=2)
    """Solutions that must pass the filters, or the question is set aside."""
    generators: int = Field(default=1, ge=0)
    """Requests for a program that writes inputs."""
    lists: int = Field(default=1, ge=0)
    """Requests for inputs that are written out."""
    inputs: int = Field(default=16, ge=1)
    """Inputs wanted of each of these requests."""
    min_tests: int = Field(default=5, ge=1)
    max_tests: int = Field(default=24, ge=1)
    seconds: float = Field(default=5.0, gt=0)
    """Wall clock of a solution for one input."""
    min_agreement: float = Field(default=0.5, gt=0, le=1)
    """The least share of the solutions that must have written a label."""
    min_golden: float = Field(default=1.0, gt=0, le=1)
    """The least share of the labels with which the golden solution must agree; the others are dropped."""
    tries: int = Field(default=4, ge=0)
    """Tries of the verifier; 0 for no pass rate."""
    min_pass_rate: float = Field(default=0.0, ge=0, le=1)
    max_pass_rate: float = Field(default=1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.generators + self.lists == 0:
            raise ValueError("generators and lists are both 0; without inputs there are no tests")
        for low, high in (
            ("min_tokens", "max_tokens"),
            ("min_solutions", "solutions"),
            ("min_tests", "max_tests"),
            ("min_pass_rate", "max_pass_rate"),
        ):
            least, most = getattr(self, low), getattr(self, high)
            if least > most:
                raise ValueError(f"{low} is {least}, more than {high}, which is {most}")
        return self
