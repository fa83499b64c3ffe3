"""The episodes of an evaluation, append-only and addressed by content.

What counts is named by the fingerprints of the present plan. An episode whose task, prompt or settings have
changed since keeps its place in the file and counts no more; one that the machine failed is played again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from ...envs.whole_file import whole_file
from ..line_log import whole_lines
from ..rollouts.episode import Episode
from ..rollouts.episode_head import EpisodeHead
from ..rollouts.episode_log import EpisodeLog, EpisodeLogError, read_line
from ..rollouts.task_place import TaskPlace
from .run_record import EPISODES, TASKS, RunRecord, StoredTask, read_tasks


@dataclass(frozen=True, slots=True)
class StoreSurvey:
    """What a store holds of a plan."""

    finished: Set[str] = frozenset()
    """Fingerprints with a scored episode."""
    failed: Set[str] = frozenset()
    """Fingerprints whose episodes all failed."""
    stale: int = 0
    """Scored episodes of the same tasks that were played otherwise; they are kept and not counted."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Fingerprint -> the line that counts."""


class EpisodeStore:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        """Opens nothing yet."""
        self.folder = folder
        self.log = EpisodeLog(folder / EPISODES)

    @property
    def holds_episodes(self) -> bool:
        """Whether anything was played."""
        path = self.log.path
        return path.exists() and path.stat().st_size > 0

    def record(self) -> RunRecord | None:
        """What was evaluated here last; see `RunRecord.read`."""
        return RunRecord.read(self.folder)

    def survey(self, wanted: Set[str], places: Set[TaskPlace] = frozenset()) -> StoreSurvey:
        """Looks at every line once.

        Args:
            wanted: The fingerprints of a plan.
            places: Its tasks, to tell stale episodes.

        Raises:
            EpisodeLogError: If a whole line is no episode.
        """
        scored: dict[str, int] = {}
        failed: dict[str, int] = {}
        stale = 0
        for number, line in whole_lines(self.log.path):
            head = read_line(EpisodeHead, self.log.path, number, line)
            if head.fingerprint in wanted:
                (scored if head.failure is None else failed)[head.fingerprint] = number
            elif head.failure is None and TaskPlace.of(head) in places:
                stale += 1
        only_failed = failed.keys() - scored.keys()
        return StoreSurvey(frozenset(scored), frozenset(only_failed), stale, failed | scored)

    def episodes(self, survey: StoreSurvey, *, scored_only: bool = False) -> Iterator[Episode]:
        """The episodes that count, in the order of the lines.

        Raises:
            EpisodeLogError: If a whole line is no episode.
        """
        names = survey.finished if scored_only else survey.lines.keys()
        numbers = {survey.lines[name] for name in names}
        for number, line in whole_lines(self.log.path):
            if number in numbers:
                yield read_line(Episode, self.log.path, number, line)

    def attempts(self, wanted: Set[str]) -> Iterator[Episode]:
        """All that was ever played of a plan, for what it cost."""
        for number, line in whole_lines(self.log.path):
            episode = read_line(Episode, self.log.path, number, line)
            if episode.fingerprint in wanted:
                yield episode

    def begin(self, record: RunRecord, tasks: Iterator[StoredTask]) -> None:
        """Locks the folder and writes what is evaluated from now on.

        Raises:
            EpisodeLogError: If another run writes there, or it cannot be written.
        """
        self.log.open()
        try:
            lines = "".join(f"{task.model_dump_json()}\n" for task in tasks)
            with whole_file(self.folder / TASKS) as beside:
                beside.write_text(lines, encoding="utf-8")
            record.write(self.folder)
        except OSError as error:
            raise EpisodeLogError(f"{self.folder}: {error.strerror}; give another place") from error

    def tasks(self) -> Iterator[StoredTask]:
        """The tasks of the last evaluation here; see `read_tasks`."""
        return read_tasks(self.folder)
