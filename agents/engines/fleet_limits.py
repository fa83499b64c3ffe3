"""How long, how often and how much an engine may take."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class FleetLimits:
    """Bounds of an `EngineFleet`; all seconds are wall clock."""

    slots: int = 64
    """Requests at once on one server; others wait here, those of the oldest episodes first."""
    queue_seconds: float = 3600.0
    """Waiting for a slot."""
    deadline: float = 300.0
    """One message with all attempts and pauses, without the waiting for a slot."""
    connect_seconds: float = 5.0
    answer_seconds: float = 120.0
    """From the request to the first byte of its answer, so the time that an engine may sample."""
    body_seconds: float = 30.0
    """From the first byte to the last."""
    abort_seconds: float = 5.0
    """Telling an engine that a request is not wanted any more."""
    response_bytes: int = 64 * 2**20
    """The largest answer."""
    attempts: int = 6
    """Attempts at one message that may be answered wrongly; a server that is away or busy costs only time."""
    pause_first: float = 0.25
    pause_most: float = 10.0
    """Pauses between attempts double from the first to this one; each is drawn from its upper half."""
    breaker_failures: int = 5
    """Failures in a row after which a server is left alone."""
    breaker_seconds: float = 1.0
    breaker_most: float = 30.0
    """How long it is left alone before it is asked for its health; doubles up to this."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise ValueError(f"{field.name} is {value}; give more than 0")
