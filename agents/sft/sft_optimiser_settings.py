"""Section `optimiser` of a supervised run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..run_settings.adamw import AdamWSettings


class SftOptimiserSettings(AdamWSettings):
    """Updates of the weights by cross-entropy."""

    steps: int | None = Field(default=None, ge=1)
    """Updates; None for as many as `epochs` take."""
    epochs: int = Field(default=1, ge=1)
    """Passes over the samples; what does not fill a batch is left out of a pass."""
    batch_size: int = Field(default=128, ge=1)
    """Samples in an update, over all GPUs."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Learning rate after the warm-up."""
    save_every: int = Field(default=0, ge=0)
    """Steps from checkpoint to checkpoint; 0 for one at the end of every pass."""
    measure_every: int = Field(default=0, ge=0)
    """Steps from measurement to measurement on what is held out; 0 for one at the end."""
