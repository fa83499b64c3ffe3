"""Section `evaluation`: measurement on held-out tasks."""

from __future__ import annotations

from pydantic import Field

from ...run_settings.section import Section


class EvaluationSettings(Section):
    """Measurement on held-out tasks, before, during and after training."""

    tasks: int = Field(default=90, ge=2)
    """Held-out tasks."""
    samples: int = Field(default=2, ge=1)
    """Episodes of each."""
    temperature: float = Field(default=0.7, ge=0)
    """Of sampling."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of probability that is sampled from."""
    greedy: bool = True
    """Measure greedy decoding too."""
    concurrency: int = Field(default=32, ge=1)
    """Episodes at once."""
    every: int = Field(default=0, ge=0)
    """Training steps from measurement to measurement; 0 measures only before and after."""
    before: bool = True
    """Measure before training."""
    after: bool = True
    """Measure after training."""
