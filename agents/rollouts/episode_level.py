"""How hard the task of an episode is said to be."""

from __future__ import annotations

import re

from .episode import Episode


def level_of(episode: Episode) -> str:
    """The level of an episode's task, by its id (`blackbox/2/chain/...` is `2 · chain`) or its difficulty."""
    match = re.match(r"blackbox/(\d+)/(\w+)/", episode.task_id)
    told = str(episode.info.get("difficulty", "unknown"))
    if match:
        return f"{match[1]} · {match[2]}"
    return episode.task_id.split("/")[0] if told == "unknown" else told
