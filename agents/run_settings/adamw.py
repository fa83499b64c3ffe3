"""What every section of an optimiser has: AdamW on FSDP2, and what an update costs in memory."""

from __future__ import annotations

from pydantic import Field

from .section import Section

_TOKENS_PER_GPU = 16_384


class AdamWSettings(Section):
    """Updates of the weights, whatever the loss is."""

    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps in which the learning rate rises to its peak."""
    warmup_share: float = Field(default=0.0, ge=0, lt=1)
    """The same as a share of all steps; give one of the two."""
    adam_betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the means of gradients and of their squares."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Of AdamW."""
    grad_clip: float = Field(default=1.0, gt=0)
    """Largest norm of a gradient."""
    tokens_per_gpu: int | None = Field(default=None, ge=1)
    """Tokens of one pass on a GPU; None for 16384, or the longest sequence if that is more."""
    sequence_parallel: int = Field(default=1, ge=1)
    """GPUs that share one sequence (Ulysses)."""
    offload: bool = False
    """Keep weights and optimiser state in the machine's memory while they are not used."""
    gradient_checkpointing: bool = True
    """Compute activations twice rather than keep them."""
    keep: int = Field(default=2, ge=1)
    """Checkpoints kept."""

    def tokens_for(self, longest: int) -> int:
        """Tokens of one pass on a GPU, for sequences of so many; with sequence parallelism GPUs share one."""
        return self.tokens_per_gpu or max(_TOKENS_PER_GPU, -(-longest // self.sequence_parallel))
