"""Which settings of a run decide about memory, and how many bytes one number takes."""

from __future__ import annotations

from dataclasses import dataclass

from .model_size import ModelSize

WEIGHT, GRADIENT, ADAM = 4, 4, 8
"""Bytes of a parameter: verl keeps weights and gradients in float32, and AdamW a mean of each kind."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How weights, tokens and time are shared out."""

    model: ModelSize
    gpus_per_node: int
    nodes: int
    tokens: int
    """Tokens of one forward and backward pass."""
    number: int
    """Bytes of a number in forward and backward passes: 2 for bfloat16 on GPUs, 4 on CPU."""
    checkpointing: bool
    offload: bool
    """Whether weights and state lie in the machine's memory between their uses."""
    streamed: bool
    """Whether they always lie there, and AdamW runs on the CPU: FSDP2's own offloading."""
    critic: ModelSize | None = None
    scaled: bool = False
    """Whether logits are divided by a temperature, which makes a copy of them."""
    entropy: bool = False
    """Whether the entropy of the logits has a gradient."""
    reference: bool = False
    engine_inside: bool = False
    """Whether the engine generates on the GPUs that train."""

    @property
    def gpus(self) -> int:
        """Accelerators that share the weights and the state of the optimiser (FSDP2)."""
        return self.nodes * self.gpus_per_node
