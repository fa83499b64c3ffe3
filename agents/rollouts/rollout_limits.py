"""What bounds an episode beside the environment's own limits on turns and cells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RolloutLimits:
    """Tokens are looked at before every message, and score the episode as it stands.

    The deadline may pass at any time; it is for a machine that is late, so the episode then is a failure.
    """

    turn_tokens: int = 1024
    """The most tokens of one message."""
    response_tokens: int | None = None
    """The most ids after the prompt, observations included, each counted once; None for no limit.

    Counted for token-exact policies, as are the limits on the prompt and the context.
    """
    prompt_tokens: int | None = None
    """The most ids of the prompt; a longer one ends the episode before it starts."""
    context_tokens: int | None = None
    """The most ids that the engine can hold, the next message included; None for no limit.

    A full context ends the episode.
    """
    drop_observations: bool = False
    """Whether a full context loses its oldest observations instead; the episode goes on in a new branch."""
    stop_at_call: bool = True
    """Whether generation ends where a tool call does. Without it only the end-of-turn token ends a message,
    as in training where a policy is to learn to end its turns itself."""
    seconds: float = 600.0
    """Wall clock of the whole episode, kernel start and judging included."""
