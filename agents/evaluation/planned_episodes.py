"""All episodes of an evaluation by name, before any is played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...envs.task import Task
from ..rollouts.episode_job import EpisodeJob
from ..rollouts.task_place import TaskPlace
from .evaluation_set import EvaluationSet
from .play_identity import PlayIdentity, fingerprint_of, task_digest
from .run_record import StoredTask


@dataclass(frozen=True)
class PlannedEpisodes:
    """Every sample of every task of every set, in this order."""

    sets: Sequence[EvaluationSet]
    samples: int
    identity: PlayIdentity

    def __len__(self) -> int:
        return sum(len(each.tasks) for each in self.sets) * self.samples

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """The names of all."""
        return frozenset(name for _, _, _, names in self._tasks for name in names)

    @property
    def places(self) -> frozenset[TaskPlace]:
        """Every task."""
        return frozenset(TaskPlace(label, task.id) for label, task, _, _ in self._tasks)

    def tasks(self) -> Iterator[StoredTask]:
        """The tasks as they are recorded."""
        for label, task, digest, _ in self._tasks:
            about = task.metadata
            yield StoredTask(
                set=label, id=task.id, digest=digest, difficulty=about.difficulty, source=about.source
            )

    def jobs(self, done: Container[str] = frozenset()) -> Iterator[EpisodeJob]:
        """What is still to be played."""
        for label, task, _, names in self._tasks:
            for sample, name in enumerate(names):
                if name not in done:
                    yield EpisodeJob(task, sample, fingerprint=name, info=_info(label, task))

    def left(self, done: Container[str]) -> Counter[str]:
        """Set -> episodes that are still to be played."""
        return Counter(label for label, _, _, names in self._tasks for name in names if name not in done)

    @cached_property
    def _tasks(self) -> tuple[tuple[str, Task, str, tuple[str, ...]], ...]:
        """Set, task, its digest and the names of its samples."""
        rows = []
        for each in self.sets:
            for task in each.tasks:
                digest = task_digest(task)
                names = tuple(
                    fingerprint_of(self.identity.digest, each.label, digest, sample)
                    for sample in range(self.samples)
                )
                rows.append((each.label, task, digest, names))
        return tuple(rows)


def _info(label: str, task: Task) -> dict[str, Any]:
    info: dict[str, Any] = {"set": label, "source": task.metadata.source}
    if task.metadata.date is not None:
        info["date"] = task.metadata.date.isoformat()
    return info
