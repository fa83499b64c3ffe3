"""The samples of one task, and what each is worth compared with the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Self

from .episode import Episode

EPSILON = 1e-6
"""verl's."""


@dataclass(frozen=True, slots=True)
class EpisodeGroup:
    """Episodes of one task and one policy; those that failed count for nothing."""

    name: str
    episodes: tuple[Episode, ...]

    @classmethod
    def of(cls, episodes: Iterable[Episode]) -> tuple[Self, ...]:
        """The groups of episodes, by `Episode.group` or else by task, in the order in which they begin."""
        groups: dict[str, list[Episode]] = {}
        for episode in episodes:
            groups.setdefault(episode.group or episode.task_id, []).append(episode)
        return tuple(cls(name, tuple(members)) for name, members in groups.items())

    @property
    def rewards(self) -> tuple[float | None, ...]:
        """The reward of each episode; None for one that failed."""
        return tuple(None if each.failure is not None else each.reward for each in self.episodes)

    def advantages(self, *, scaled: bool = True, epsilon: float = EPSILON) -> tuple[float | None, ...]:
        """How much better than its group each episode was; None for one that failed.

        With `scaled`, `A_i = (r_i - mean(r)) / (std(r) + epsilon)`, where `std` divides by `n - 1`: GRPO
        (Shao et al. 2024, arXiv 2402.03300, section 4.1.2). Without, `A_i = r_i - mean(r)`: Dr. GRPO (Liu et
        al. 2025, arXiv 2503.20783, section 3.2). Both are those of verl's `compute_grpo_outcome_advantage`,
        which takes 0 for the mean and 1 for the deviation of a group of one.

        Args:
            scaled: Whether to divide by the standard deviation.
            epsilon: Added to it.
        """
        rewards = self.rewards
        known = [reward for reward in rewards if reward is not None]
        centre, deviation = (mean(known), stdev(known)) if len(known) > 1 else (0.0, 1.0)
        scale = deviation + epsilon if scaled else 1.0
        return tuple(None if reward is None else (reward - centre) / scale for reward in rewards)
