"""Who writes the next message: the seam between a rollout and whatever model or script acts in it.

A policy that samples from token ids carries a `template`; the rollout then gives it the exact ids of the
context and appends the exact ids that come back. A policy without one sees messages alone, and its
branches say `exact=False`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..tokens.chat_template import ChatTemplate

Message = Mapping[str, str]
"""`{"role": "system" | "user" | "assistant" | "tool", "content": text}`."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample one message."""

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    """Generation ends with the token that completes one of these texts, or with the end-of-turn token."""
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One sampled message."""

    text: str
    """Decoded text without special tokens, up to the end of a stop text."""
    token_ids: tuple[int, ...] = ()
    """What the engine sampled, end-of-turn token included; empty when the engine returns only text."""
    logprobs: tuple[float, ...] = ()
    """Log-probabilities (natural) of `token_ids` under the sampling distribution; empty when not known."""
    finish_reason: str = "stop"
    """`stop` or `length`."""
    stop_ignored: bool = False
    """Whether the engine went on after a stop text; what came after it is not in `text`."""
    prompt_ids: tuple[int, ...] = ()
    """What the engine says that it saw; empty when it does not say."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    weight_version: str = ""
    """What the engine calls the weights that sampled the last id; empty when it does not say."""


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What a policy may use to write the next message."""

    messages: Sequence[Message]
    episode_id: str
    """Stable over the turns of one episode, for routing and prefix caches."""
    prompt_ids: tuple[int, ...] = ()
    """Exact ids of the context; given only to policies with a template."""
    tools: Sequence[Mapping[str, Any]] = ()
    """OpenAI tool schemas; empty for text protocols."""


class PolicyError(RuntimeError):
    """The engine behind a policy failed; the episode ends with a `Failure`, never with a wrong answer."""


class ContextOverflowError(PolicyError):
    """The conversation is longer than the engine can hold: the episode ends as it stands, and is scored."""


class Policy(Protocol):
    """Anything that can act in an episode."""

    @property
    def name(self) -> str:
        """What reports call this policy."""
        ...

    @property
    def template(self) -> ChatTemplate | None:
        """The chat template for token-exact policies; None for those that see text."""
        ...

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Writes the next assistant message.

        Raises:
            PolicyError: If the engine failed after its own retries.
        """
        ...
