"""What may be wrong with an engine or its answers; all of it ends an episode as a failure of the machine."""

from __future__ import annotations

from ..policies.policy import PolicyError


class EngineError(PolicyError):
    """An engine did not give a usable answer."""


class UnavailableError(EngineError):
    """No server gave an answer within the deadline and the retries."""


class RefusedError(EngineError):
    """The engine refuses the request; asking again would change nothing."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ExactnessError(EngineError):
    """The answer does not fit the ids that were sent, so nothing may be trained on it."""


class BadAnswerError(EngineError):
    """The answer is not what the protocol says; another attempt may bring a good one."""


class LostError(EngineError):
    """The connection could not be made, was lost, or took too long."""

    def __init__(self, message: str, *, reached: bool) -> None:
        """Says whether the request may have reached the engine."""
        super().__init__(message)
        self.reached = reached
