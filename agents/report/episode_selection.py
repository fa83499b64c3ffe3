"""Which episodes a report carries when there are more than it may: balanced over arms and steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest

from ..rollouts.episode import Episode
from .report_data import Arm

_GOLDEN = 0.6180339887498949


def select_episodes(groups: Sequence[Arm], cap: int) -> set[tuple[int, str, str]]:
    """Run, arm and id of at most `cap` episodes: groups in turn, in each the steps, far apart first."""
    columns = [[(group.run, group.name, e.id) for e in _spread(group.episodes)] for group in groups]
    order = [key for row in zip_longest(*columns) for key in row if key is not None]
    return set(order[:cap])


def _spread(episodes: Sequence[Episode]) -> list[Episode]:
    steps: defaultdict[int | None, list[Episode]] = defaultdict(list)
    for episode in episodes:
        steps[episode.step].append(episode)
    far_apart = [
        members for _, members in sorted(enumerate(steps.values()), key=lambda p: p[0] * _GOLDEN % 1)
    ]
    return [e for row in zip_longest(*far_apart) for e in row if e is not None]
