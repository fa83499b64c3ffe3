"""What counts of a log: the last attempt at every episode.

A run appends each attempt, and a resumed run plays failed episodes again. Reading takes memory for the keys,
not for the episodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..line_log import whole_lines
from .episode import Episode
from .episode_head import EpisodeHead
from .episode_log import read_line
from .task_place import TaskPlace


def last_attempts(path: Path, *, scored_only: bool = False) -> Iterator[Episode]:
    """The last attempt at each episode of a log, in the order of the lines.

    Args:
        path: The log; one that does not exist is empty.
        scored_only: Leave out episodes whose last attempt failed.

    Raises:
        EpisodeLogError: If a whole line is no episode.
    """
    last: dict[tuple[TaskPlace, int], int] = {}
    for number, line in whole_lines(path):
        head = read_line(EpisodeHead, path, number, line)
        last[TaskPlace.of(head), head.sample] = 0 if scored_only and head.failure else number
    wanted = {number for number in last.values() if number}
    del last
    for number, line in whole_lines(path):
        if number in wanted:
            yield read_line(Episode, path, number, line)
