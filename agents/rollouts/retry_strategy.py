"""When an episode that the machine failed is played again."""

from __future__ import annotations

from dataclasses import dataclass, field

from .episode import Episode, Failure


@dataclass(frozen=True, slots=True)
class RetryStrategy:
    """Tries with growing pauses; an episode that was scored is never played again.

    Raises:
        ValueError: If a number is impossible.
    """

    tries: int = 2
    """Attempts in all."""
    pause: float = 1.0
    """Seconds before the second attempt."""
    growth: float = 2.0
    """What each further pause is longer by."""
    longest: float = 60.0
    """The most seconds of a pause."""
    failures: frozenset[Failure] = field(default=frozenset(Failure) - {Failure.POLICY})
    """What is tried again; policies have tries of their own."""

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}; give at least 1")
        if not 1 <= self.growth <= 100:
            raise ValueError(f"growth is {self.growth}; give a factor from 1 to 100")
        for name, value in (("pause", self.pause), ("longest", self.longest)):
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} is {value}; give a number of seconds, 0 or more")

    def pause_after(self, episode: Episode) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        if episode.failure not in self.failures or episode.attempt >= self.tries:
            return None
        power = min(episode.attempt - 1, 64)  # far beyond any pause, and still a number
        return min(self.pause * self.growth**power, self.longest)
