"""Finds tasks that share text with evaluation sets: any run of 13 words, as GPT-3 was cleaned.

Brown et al. 2020 (arXiv 2005.14165, appendix C) call a 13-gram that a training document shares with an
evaluation example a collision, and ignore 13-grams that are frequent. Here a run is ignored when more than
`COMMON` evaluation tasks have it: phrases such as "you may return the answer in any order" collide with
everything and mean nothing. An evaluation text of 8 to 12 words is one run as a whole; a shorter one says
too little.
"""

from __future__ import annotations

from dataclasses import dataclass

from .words import hashed_runs, words_of

RUN = 13
"""Words of a run."""
FEWEST = 8
"""Words of the shortest run that counts."""
COMMON = 2
"""A run that more evaluation tasks than these have in common is a phrase, not a leak."""


@dataclass(frozen=True, slots=True)
class Collision:
    """What a task shares with an evaluation task."""

    evaluation_task: str
    shared: str
    """The run of words that was found first."""


class EvaluationIndex:
    """The runs of words of evaluation tasks; a few dozen bytes for each."""

    def __init__(self) -> None:
        self._runs: dict[int, tuple[str, int]] = {}
        self._lengths: set[int] = set()
        self.tasks = 0
        """How many evaluation tasks it knows."""

    def add(self, name: str, text: str) -> None:
        """Takes in an evaluation task."""
        words = words_of(text)
        self.tasks += 1
        if len(words) < FEWEST:
            return
        self._lengths.add(min(RUN, len(words)))
        for run in hashed_runs(words, RUN):
            first, count = self._runs.get(run, (name, 0))
            self._runs[run] = (first, count + 1)

    def collision(self, text: str) -> Collision | None:
        """The first run of words that `text` shares with an evaluation task, or None."""
        words = words_of(text)
        for length in sorted(self._lengths, reverse=True):
            if length > len(words):
                continue
            for run, place in hashed_runs(words, length).items():
                name, count = self._runs.get(run, ("", COMMON + 1))
                if count <= COMMON:
                    return Collision(name, " ".join(words[place : place + length]))
        return None
