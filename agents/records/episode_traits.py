"""What tables say of an episode in a word or a number."""

from __future__ import annotations

from typing import Literal

from ..evaluation.breakdown import result_of
from ..rollouts.episode import Episode


def outcome_of(episode: Episode) -> Literal["solved", "unsolved", "failure"]:
    """Right, wrong, or a fault of the machine."""
    if episode.failure is not None:
        return "failure"
    return "solved" if episode.solved else "unsolved"


def ending_of(episode: Episode) -> str:
    """How it ended: solved, what was wrong with the answer, why there is none, or the fault."""
    if episode.failure is not None:
        return f"failure: {episode.failure}"
    if not episode.solved and episode.submission is None:
        return f"no answer: {str(episode.stop).replace('_', ' ')}"
    return result_of(episode)


def set_of(episode: Episode) -> str:
    """The task set, as the evaluation calls it, or by the id of the task."""
    return str(episode.info.get("set") or episode.task_id.split("/")[0])


def written_tokens(episode: Episode) -> int:
    """Tokens that the policy wrote, as far as it counts them."""
    return sum(turn.completion_tokens for turn in episode.turns)
