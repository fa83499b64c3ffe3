"""What bounds an episode beside the environment's own limits on turns and cells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RolloutLimits:
    """Checked in this order before every message: tokens, then seconds."""

    turn_tokens: int = 1024
    """The most tokens of one message."""
    response_tokens: int | None = None
    """The most ids after the prompt, observations included; None for no limit.

    Counted for token-exact policies.
    """
    prompt_tokens: int | None = None
    """The most ids of the prompt; a longer one ends the episode before it starts."""
    seconds: float = 600.0
    """Wall clock of the whole episode, kernel start and judging included."""
