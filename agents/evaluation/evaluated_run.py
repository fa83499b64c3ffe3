"""The folder of an evaluation, to be read: which episodes count, and what they were of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from ..rollouts.episode import Episode
from ..rollouts.task_place import TaskPlace
from ..usage_error import UsageError
from .episode_store import EpisodeStore
from .play_identity import fingerprint_of
from .run_record import RunRecord, StoredTask


@dataclass(frozen=True)
class EvaluatedRun:
    """Episodes that were played otherwise than the record says are passed over."""

    folder: Path
    record: RunRecord
    label: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads the record; episodes are read when they are asked for.

        Raises:
            UsageError: If nothing was evaluated there.
            StoreVersionError: If another version wrote it.
        """
        record = RunRecord.read(folder) if folder.is_dir() else None
        if record is None:
            raise UsageError(f"{str(folder)!r} holds no evaluation; give a folder that replgym eval wrote")
        return cls(folder, record)

    @property
    def name(self) -> str:
        """What to call it: its label, or the name of its folder."""
        return self.label or self.folder.resolve().name

    @cached_property
    def tasks(self) -> Mapping[TaskPlace, StoredTask]:
        """All tasks of the evaluation, played or not."""
        return {TaskPlace(task.set, task.id): task for task in EpisodeStore(self.folder).tasks()}

    def episodes(self) -> Iterator[Episode]:
        """The last attempt at each episode, one at a time.

        Raises:
            EpisodeLogError: If a whole line is no episode.
        """
        store = EpisodeStore(self.folder)
        yield from store.episodes(store.survey(self.fingerprints()))

    def fingerprints(self) -> frozenset[str]:
        """Names of the episodes that count, played or not."""
        return frozenset(
            fingerprint_of(self.record.identity, task.set, task.digest, sample)
            for task in self.tasks.values()
            for sample in range(self.record.samples)
        )
