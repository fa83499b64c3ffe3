"""Another rubric for stored episodes: new rewards from the recorded facts, and on request new verdicts.

The run that is read is never changed; a new one is written beside it, with the same files.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ...envs.env_config import EnvConfig
from ...envs.task import Task
from ...rewards.judge import Judge
from ...rewards.reward import RewardError
from ...rewards.rubric import Rubric
from ...rewards.verdict import JudgeError, Verdict
from ..rollouts.episode import Episode
from ..rollouts.episode_log import EpisodeLog
from ..usage_error import UsageError
from .run_data import RunData
from .stored_facts import stored_facts

_AT_ONCE = 256
"""Episodes that are held with their token branches, and judged at once."""
_COPIED = ("tasks.jsonl",)


@dataclass(frozen=True, slots=True)
class Rescored:
    """One episode before and after."""

    arm: str
    old: Episode
    new: Episode
    fault: str = ""
    """Why it could not be judged again; then its verdict is the old one."""


@dataclass(frozen=True)
class Rescoring:
    """How episodes are scored anew."""

    rubric: str | Mapping[str, Any]
    environment: EnvConfig | None = None
    """How they were played, where that is known."""
    judged: bool = False
    """Whether submissions are judged again."""
    task_of: Callable[[Episode], Task | None] = field(default=lambda _: None)

    async def rescore(self, run: RunData, output: Path) -> list[Rescored]:
        """Writes the episodes of a run with their new rewards.

        Args:
            run: The run.
            output: A folder that does not exist yet, or, for a run that is a file, such a file.

        Raises:
            UsageError: If the rubric cannot be used with these episodes, or `output` exists.
            EpisodeLogError: If an episode cannot be written.
        """
        if output.exists():
            raise UsageError(f"{str(output)!r} exists; give another place")
        rubric = self._checked()
        results: list[Rescored] = []
        environment = self.environment or EnvConfig()
        async with environment.make_judge() as judge:
            for log in run.logs:
                place = output / log.relative_to(run.path) if run.path.is_dir() else output
                entries = run.complete_episodes(log)
                with EpisodeLog(place) as written:
                    while portion := list(islice(entries, _AT_ONCE)):
                        made = await asyncio.gather(*(self._one(arm, e, rubric, judge) for arm, e in portion))
                        for each in made:
                            written.append(each.new)
                        results += map(_light, made)
        if run.path.is_dir():
            self._write_record(run, output)
        return results

    def _checked(self) -> Rubric:
        try:
            return Rubric.of(self.rubric)
        except RewardError as error:
            raise UsageError(f"--rubric: {error}") from error

    async def _one(self, arm: str, episode: Episode, rubric: Rubric, judge: Judge) -> Rescored:
        if episode.failure is not None:
            return Rescored(arm, episode, episode)
        verdict, fault = episode.verdict, ""
        if self.judged and episode.submission is not None:
            verdict, fault = await self._judged(episode, judge)
        most = None if self.environment is None else self.environment.max_turns
        try:
            reward = rubric.score(stored_facts(episode, verdict, most))
        except RewardError as error:
            raise UsageError(f"episode {episode.id} of {episode.task_id}: {error}") from error
        parts = dict(reward.parts)
        changes = {"verdict": verdict, "reward": reward.total, "reward_parts": parts}
        return Rescored(arm, episode, episode.model_copy(update=changes), fault)

    async def _judged(self, episode: Episode, judge: Judge) -> tuple[Verdict | None, str]:
        task = self.task_of(episode)
        if task is None:
            return episode.verdict, f"task {episode.task_id!r} is not in the run's task sets"
        assert episode.submission is not None
        try:
            verdict = await judge.grade(task.tests, episode.submission, time_limit=task.metadata.time_limit)
        except JudgeError as error:
            return episode.verdict, f"{type(error).__name__}: {error}"
        return verdict, ""

    def _write_record(self, run: RunData, output: Path) -> None:
        """The run's record, which says where it comes from."""
        about = {
            "from": os.path.relpath(run.path, output),
            "rubric": self.rubric,
            "judged": self.judged,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        record = {**run.info, "name": output.resolve().name, "rescored": about}
        (output / "run.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        for name in _COPIED:
            if (run.path / name).exists():
                (output / name).write_bytes((run.path / name).read_bytes())


def free_place(path: Path) -> Path:
    """A place beside a run that is not taken: `RUN-rescored`, then `RUN-rescored-2` and so on."""
    whole = path.resolve()
    for number in range(1, 10_000):
        suffix = "-rescored" if number == 1 else f"-rescored-{number}"
        place = whole.with_name(f"{whole.stem if whole.is_file() else whole.name}{suffix}")
        place = place.with_name(f"{place.name}.jsonl") if whole.is_file() else place
        if not place.exists():
            return place
    raise UsageError(f"{str(path)!r} was rescored 10,000 times; name the place by --output")


def _light(each: Rescored) -> Rescored:
    """Without token branches, which are most of an episode."""
    bare = {"branches": ()}
    return Rescored(each.arm, each.old.model_copy(update=bare), each.new.model_copy(update=bare), each.fault)
