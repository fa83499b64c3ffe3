"""Tokens and money that an evaluation uses, and how much of them it may."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from ..rollouts.episode import Episode

_MILLION = 1_000_000
CHARACTERS_A_TOKEN = 4
"""About so many, where nobody counts."""


class Prices(BaseModel):
    """What an endpoint asks for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = Field(default=0.0, ge=0)
    completion: float = Field(default=0.0, ge=0)

    @property
    def known(self) -> bool:
        """Whether anything costs anything."""
        return self.prompt > 0 or self.completion > 0

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """What so many tokens cost."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / _MILLION


@dataclass(frozen=True, slots=True)
class EpisodeTokens:
    """Tokens of one episode over all its requests."""

    prompt: int
    completion: int
    estimated: bool = False
    """Whether the endpoint did not count, and four characters were taken for a token."""

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.completion


def tokens_of(episode: Episode) -> EpisodeTokens:
    """The tokens that the endpoint counted, or an estimate."""
    prompt = sum(turn.prompt_tokens for turn in episode.turns)
    completion = sum(turn.completion_tokens for turn in episode.turns)
    if prompt or completion or not episode.turns:
        return EpisodeTokens(prompt, completion)
    before = sum(len(message["content"]) for message in episode.messages)
    asked = said = 0
    for turn in episode.turns:
        asked, said = asked + before, said + len(turn.action)
        before += len(turn.action) + len(turn.observation)
    return EpisodeTokens(asked // CHARACTERS_A_TOKEN, said // CHARACTERS_A_TOKEN, estimated=True)


@dataclass(slots=True)
class Spending:
    """What was used so far, attempts that failed included."""

    prices: Prices
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    def add(self, episode: Episode) -> None:
        """Counts one attempt."""
        tokens = tokens_of(episode)
        self.prompt_tokens += tokens.prompt
        self.completion_tokens += tokens.completion
        self.estimated = self.estimated or tokens.estimated

    @property
    def tokens(self) -> int:
        """Of prompts and completions."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost(self) -> float:
        """By the prices."""
        return self.prices.cost(self.prompt_tokens, self.completion_tokens)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that an evaluation may use; what is in play when it is spent may end."""

    cost: float | None = None
    tokens: int | None = None

    def spent_by(self, spending: Spending) -> str:
        """What is spent, in words; empty while something is left."""
        if self.cost is not None and spending.cost >= self.cost:
            return f"--max-cost {self.cost:g} is spent ({spending.cost:.4g})"
        if self.tokens is not None and spending.tokens >= self.tokens:
            return f"--max-tokens-total {self.tokens:,} is spent ({spending.tokens:,})"
        return ""
