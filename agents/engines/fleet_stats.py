"""What an engine fleet has done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FleetStats:
    """Counts since the fleet was made, and what runs now."""

    messages: int = 0
    """Messages that were sampled to their end."""
    requests: int = 0
    """Requests that were sent to sample them."""
    retries: int = 0
    """Requests that were sent because another failed."""
    failovers: int = 0
    """Episodes that went on at another server."""
    resumed: int = 0
    """Requests that went on where an engine had broken off."""
    aborts: int = 0
    """Requests taken back here, because nobody waited any more or they took too long."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those that engines say they had in their prefix cache."""
    completion_tokens: int = 0
    open_breakers: tuple[str, ...] = ()
    """Servers that are left alone now."""
    in_flight: Mapping[str, int] = field(default_factory=dict)
    """Requests on each server now."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Requests that wait for a slot of each server now."""
