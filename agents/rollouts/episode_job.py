"""The unit of work of a run: one sample of one task.

Jobs are made as they are taken, so that a run over millions of tasks holds only those that are played.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ...envs.task import Task
from .episode_key import EpisodeKey


@dataclass(frozen=True, slots=True)
class EpisodeJob:
    """An episode that is to be played."""

    task: Task
    sample: int = 0
    attempt: int = 1
    """Grows by one whenever the machine broke and the job is played again."""
    fingerprint: str = ""
    """Becomes `Episode.fingerprint`."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """Joins `Episode.info`, such as the set that the task is of."""

    @property
    def key(self) -> EpisodeKey:
        """What it is called in logs."""
        return EpisodeKey(self.task.id, self.sample)

    def again(self) -> Self:
        """The same job, one attempt later."""
        return replace(self, attempt=self.attempt + 1)


def jobs_of(
    tasks: Iterable[Task], samples: int = 1, done: Container[EpisodeKey] = frozenset()
) -> Iterator[EpisodeJob]:
    """All samples of one task after the other, so that groups fill early.

    Args:
        tasks: Tasks with distinct ids; read one by one.
        samples: Episodes per task.
        done: Keys to leave out.
    """
    for task in tasks:
        for sample in range(samples):
            job = EpisodeJob(task, sample)
            if job.key not in done:
                yield job
