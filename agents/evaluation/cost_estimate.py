"""What an evaluation will use: by its own episodes where there are some, and at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ...envs.env_config import EnvConfig
from ..rollouts.episode import Episode
from ..rollouts.rollout_limits import RolloutLimits
from .spending import CHARACTERS_A_TOKEN, tokens_of


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Prompt and completion tokens of so many episodes."""

    prompt: float
    completion: float

    @classmethod
    def likely(cls, episodes: Iterable[Episode], count: int) -> Self | None:
        """As the given episodes went; None without any."""
        used = [tokens_of(episode) for episode in episodes]
        if not used:
            return None
        scale = count / len(used)
        return cls(scale * sum(each.prompt for each in used), scale * sum(each.completion for each in used))

    @classmethod
    def most(cls, prompt_characters: int, count: int, env: EnvConfig, limits: RolloutLimits) -> Self:
        """With every turn, message and observation as long as it may be; each turn reads all before it."""
        turns = env.max_turns
        grows = limits.turn_tokens + env.observation_limit / CHARACTERS_A_TOKEN
        prompt = turns * prompt_characters / CHARACTERS_A_TOKEN + grows * turns * (turns - 1) / 2
        return cls(count * prompt, float(count * turns * limits.turn_tokens))
