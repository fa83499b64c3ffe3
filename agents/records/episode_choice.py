"""Episodes of a run by what a person types: an id, the beginning of one, or a task."""

from __future__ import annotations

from collections.abc import Sequence

from ..rollouts.episode import Episode
from ..usage_error import UsageError
from .run_data import RunData

_TOLD = 3


def all_episodes(run: RunData) -> tuple[Episode, ...]:
    """Everything that counts: evaluations, then training."""
    return (*(e for episodes in run.arms.values() for e in episodes), *run.train)


def chosen_episodes(run: RunData, names: Sequence[str]) -> tuple[Episode, ...]:
    """The episodes that are named, in the order of the names; all of them without any name.

    Args:
        run: The run.
        names: Ids, beginnings of ids that only one episode has, or task ids, which name all their samples.

    Raises:
        UsageError: If a name names none, or several that are not of one task.
    """
    episodes = all_episodes(run)
    if not names:
        return episodes
    found = [episode for name in names for episode in _named(episodes, name)]
    return tuple({id(episode): episode for episode in found}.values())


def one_episode(run: RunData, name: str) -> Episode:
    """The only episode that is named; `TASK#SAMPLE` names one of several samples.

    Raises:
        UsageError: If none is named, or several.
    """
    task, mark, sample = name.rpartition("#")
    found = _named(all_episodes(run), task if mark else name)
    if mark:
        found = [episode for episode in found if str(episode.sample) == sample]
        if not found:
            raise UsageError(f"episode {name!r}: task {task!r} has no sample {sample!r}")
    if len(found) > 1:
        told = ", ".join(f"{e.id} (sample {e.sample})" for e in found[:_TOLD])
        more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise UsageError(f"episode {name!r} names {len(found)} episodes: {told}{more}; give an id")
    return found[0]


def _named(episodes: Sequence[Episode], name: str) -> list[Episode]:
    exact = [episode for episode in episodes if name in (episode.id, episode.task_id)]
    if exact:
        return exact
    begun = [episode for episode in episodes if name and episode.id.startswith(name)]
    if len(begun) == 1:
        return begun
    if begun:
        raise UsageError(f"episode {name!r} is the beginning of {len(begun)} ids; write more of it")
    example = (
        f"; there are, for example, {episodes[0].id!r} and task {episodes[0].task_id!r}" if episodes else ""
    )
    raise UsageError(f"the run has no episode {name!r}{example}")
