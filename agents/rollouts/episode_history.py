"""What counts of a log: the last attempt at every episode.

A run appends each attempt, and a resumed run plays failed episodes again. Reading takes memory for the keys,
not for the episodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from .episode import Episode, Failure
from .episode_key import EpisodeKey
from .episode_log import not_an_episode, whole_lines


class _Head(BaseModel):
    """The part of a line that says what it is about."""

    model_config = ConfigDict(extra="ignore")

    task_id: str
    sample: int = 0
    failure: Failure | None = None


def last_attempts(path: Path, *, scored_only: bool = False) -> Iterator[Episode]:
    """The last attempt at each episode of a log, in the order of the lines.

    Args:
        path: The log; one that does not exist is empty.
        scored_only: Leave out episodes whose last attempt failed.

    Raises:
        EpisodeLogError: If a whole line is no episode.
    """
    last: dict[EpisodeKey, int] = {}
    for number, line in whole_lines(path):
        try:
            head = _Head.model_validate_json(line)
        except ValidationError as error:
            raise not_an_episode(path, number, error) from error
        last[EpisodeKey(head.task_id, head.sample)] = 0 if scored_only and head.failure else number
    wanted = {number for number in last.values() if number}
    del last
    for number, line in whole_lines(path):
        if number in wanted:
            try:
                yield Episode.model_validate_json(line)
            except ValidationError as error:
                raise not_an_episode(path, number, error) from error
