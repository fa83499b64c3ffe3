"""How far a record may be from what its engine saw, and what a record in text would have lost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Drift(BaseModel):
    """Counts over the sampled messages of one episode whose ids are recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns: int = 0
    """Messages that were recorded as ids."""
    drifted: int = 0
    """Messages whose record may differ from what the engine saw or sampled: the engine says that its prompt
    had other ids, or another number of them, than it was given; or it gave no ids, and they were made from
    text. Always 0 where ids go in and come out."""
    retokenized: int = 0
    """Messages that do not survive being text: encoding what was decoded gives other ids than were sampled.
    A trainer that keeps text would have learned from ids that nobody sampled. For an endpoint that renders
    the conversation anew itself: messages that came back changed in the next prompt."""

    def __add__(self, other: Drift) -> Drift:
        return Drift(
            turns=self.turns + other.turns,
            drifted=self.drifted + other.drifted,
            retokenized=self.retokenized + other.retokenized,
        )

    @property
    def drift_rate(self) -> float | None:
        """Share of the messages that drifted; None without any."""
        return self.drifted / self.turns if self.turns else None

    @property
    def retokenization_rate(self) -> float | None:
        """Share of the messages that a record in text would have changed; None without any."""
        return self.retokenized / self.turns if self.turns else None
