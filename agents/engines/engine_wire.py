"""What is said to an engine and how its answers are read: the seam between the fleet and one kind of engine.

A wire is pure: it makes and reads JSON and does no input or output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from ..policies.policy import Sampling


class FinishReason(StrEnum):
    """Why an engine ended a message."""

    STOP = "stop"
    LENGTH = "length"
    ABORT = "abort"
    """Somebody else took the request back, such as an update of the weights; the ids so far are good."""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One message to sample."""

    id: str
    """Unique for every attempt."""
    prompt_ids: tuple[int, ...]
    sampling: Sampling
    stop_token_ids: tuple[int, ...]
    vocabulary: int
    """Ids from here on are padding of the embedding and no answer may hold them."""
    model: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """Settings of sampling that `Sampling` has not, by the engine's own names."""


@dataclass(frozen=True, slots=True)
class EngineCall:
    """One HTTP request."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """What an engine sampled, checked against the request."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish_reason: FinishReason
    prompt_tokens: int
    prompt_ids: tuple[int, ...] = ()
    """What the engine says that it saw; empty when it does not say."""
    cached_tokens: int = 0
    weight_version: str = ""


class EngineWire(Protocol):
    """The protocol of one kind of engine."""

    @property
    def name(self) -> str:
        """What error messages call the engine."""
        ...

    @property
    def reserved_tokens(self) -> int:
        """Ids of its context that the engine gives to nobody."""
        ...

    def generate(self, request: GenerateRequest) -> EngineCall:
        """The call that samples a message."""
        ...

    def read_generate(self, request: GenerateRequest, body: Any) -> EngineAnswer:
        """Reads its answer.

        Raises:
            BadAnswerError: If the answer has not the shape of the protocol.
            ExactnessError: If it does not fit the ids of the request.
        """
        ...

    def abort(self, request_id: str) -> EngineCall | None:
        """The call that frees the slot of a request; None where closing the connection does."""
        ...

    def health(self) -> EngineCall:
        """A call that a server answers with 200 when it is ready."""
        ...

    def refuses_stop_texts(self, message: str) -> bool:
        """Whether a refusal says that the engine has no tokenizer to find stop texts with."""
        ...
