"""What came of an episode, in the store of its sample: the log keeps it, and the scorer reads it."""

from __future__ import annotations

from typing import Any

from inspect_ai.util import StoreModel
from pydantic import Field

from ....envs.async_interpreter_env import StepResult


class EpisodeRecord(StoreModel):  # type: ignore[misc]
    """Plain data; empty while the episode runs."""

    stop: str = ""
    """Why it ended, an `EndReason`."""
    submission: str | None = None
    solved: bool = False
    reward: float | None = None
    reward_parts: dict[str, float] = Field(default_factory=dict)
    tests: list[dict[str, Any]] = Field(default_factory=list)
    """Name, outcome, message and seconds of every test of the verdict."""

    def take(self, end: StepResult) -> None:
        """Takes over the end of an episode."""
        verdict = end.info["verdict"]
        self.submission = end.info["submission"]
        self.solved = verdict is not None and verdict.passed
        self.reward = end.reward
        self.reward_parts = dict(end.info["reward_parts"])
        self.tests = [
            {
                "name": test.name,
                "outcome": str(test.outcome),
                "message": test.message,
                "seconds": round(test.seconds, 4),
            }
            for test in (verdict.tests if verdict is not None else ())
        ]
        self.stop = str(end.info["stop"])
