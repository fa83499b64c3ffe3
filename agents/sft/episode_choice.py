"""Rejection sampling: which episodes of a log are worth learning from.

The log is read twice, first for what is needed to choose, then for what was chosen, so that memory holds a
few numbers of each episode and no episode.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..rollouts.episode import Episode
from ..rollouts.episode_log import read_episodes


class Keep(StrEnum):
    """Which of a task's good episodes are kept."""

    BEST = "best"
    """Those of the highest reward; of equal ones those with fewer messages, then fewer characters."""
    FIRST = "first"
    """Those of the lowest sample numbers."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """When an episode is good enough, and how many of a task are kept."""

    keep: Keep = Keep.BEST
    most: int | None = None
    """Episodes kept of a task; None for one, or for all with `Keep.ALL`."""
    threshold: float | None = None
    """Least reward; None for episodes that are solved, whatever their reward is."""
    no_faults: bool = False
    """Leave out episodes with a message that could not be read, or of which nothing came."""

    @property
    def most_per_task(self) -> int | None:
        """The most episodes kept of a task; None for all."""
        return 1 if self.most is None and self.keep is not Keep.ALL else self.most


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of some logs, and why not the rest."""

    logs: tuple[Path, ...]
    chosen: frozenset[str]
    """Ids of episodes."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Episodes by what became of them: chosen, failed, not good enough, with faults, equal, too many."""

    def episodes(self) -> Iterator[Episode]:
        """The chosen episodes, in the order of the logs."""
        for log in self.logs:
            for episode in read_episodes(log):
                if episode.id in self.chosen:
                    yield episode


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: str
    reward: float
    sample: int
    messages: int
    characters: int


def choose(logs: Iterable[Path], rules: ChoiceRules) -> Choice:
    """Chooses episodes of logs of which the same text was not chosen before.

    Args:
        logs: Files of episodes; several are one set, in which a task is one task.
        rules: What is good enough, and how many.

    Raises:
        EpisodeLogError: If a line is no episode.
    """
    counts, by_task, seen = Counter[str](), dict[str, list[_Candidate]](), set[bytes]()
    paths = tuple(logs)
    for log in paths:
        for episode in read_episodes(log):
            fault = _fault(episode, rules) or _seen_before(episode, seen)
            if fault:
                counts[fault] += 1
            else:
                by_task.setdefault(episode.task_id, []).append(_candidate(episode))
    chosen: set[str] = set()
    for candidates in by_task.values():
        if rules.keep is Keep.BEST:
            candidates.sort(key=lambda each: (-each.reward, each.messages, each.characters))
        elif rules.keep is Keep.FIRST:
            candidates.sort(key=lambda each: each.sample)
        kept = candidates[: rules.most_per_task]
        chosen.update(each.id for each in kept)
        counts["too many"] += len(candidates) - len(kept)
    counts["chosen"] = len(chosen)
    return Choice(paths, frozenset(chosen), dict(counts))


def _fault(episode: Episode, rules: ChoiceRules) -> str:
    """Why an episode cannot be chosen; empty when it can."""
    if episode.failure is not None or not episode.turns:
        return "failed"
    good = episode.solved if rules.threshold is None else (episode.reward or 0.0) >= rules.threshold
    if not good:
        return "not good enough"
    if rules.no_faults and any(turn.parse_error or turn.void for turn in episode.turns):
        return "with faults"
    return ""


def _seen_before(episode: Episode, seen: set[bytes]) -> str:
    """Whether the same messages were met before, in an episode of the same task."""
    said = "\0".join([episode.task_id, *(turn.action for turn in episode.turns)])
    digest = hashlib.sha256(said.encode()).digest()[:16]
    if digest in seen:
        return "equal"
    seen.add(digest)
    return ""


def _candidate(episode: Episode) -> _Candidate:
    characters = sum(len(turn.action) for turn in episode.turns)
    return _Candidate(episode.id, episode.reward or 0.0, episode.sample, len(episode.turns), characters)
