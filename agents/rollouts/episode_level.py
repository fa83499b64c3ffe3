"""How hard the task of an episode is said to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol


class OfTask(Protocol):
    """An episode, or the part of one that tells of its task."""

    @property
    def task_id(self) -> str:
        """Id of the task."""
        ...

    @property
    def info(self) -> Mapping[str, Any]:
        """What else is known; `difficulty` is the task's."""
        ...


def level_of(episode: OfTask) -> str:
    """The level of an episode's task, by its id (`blackbox/2/chain/...` is `2 · chain`) or its difficulty."""
    match = re.match(r"blackbox/(\d+)/(\w+)/", episode.task_id)
    told = str(episode.info.get("difficulty", "unknown"))
    if match:
        return f"{match[1]} · {match[2]}"
    return episode.task_id.split("/")[0] if told == "unknown" else told
