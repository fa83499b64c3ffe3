"""What a synthesis made and what it set aside, counted stage by stage."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from .outcome import Outcome
from .rejection import Rejection

_BINS = 5


class SynthesisReport:
    """Counts while results are written."""

    def __init__(self) -> None:
        self.seeds = 0
        self.questions = 0
        self.bad_rows = 0
        self.unfinished = 0
        """Seeds and questions that a fault or the end of the budget left undone."""
        self.tasks = 0
        self.conversations = 0
        self._counts: Counter[str] = Counter()
        self._rejected: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._agreements: list[float] = []
        self._rates: list[float] = []
        self._difficulties: Counter[str] = Counter()

    def reject(self, rejection: Rejection) -> None:
        """Counts one thing that was set aside."""
        self._rejected[rejection.stage][rejection.reason.value] += 1

    def add(self, outcome: Outcome) -> None:
        """Counts what became of a question."""
        tally = outcome.tally
        for name in ("solutions", "programs", "inputs", "labels"):
            self._counts[name] += getattr(tally, name)
        self._agreements += tally.agreements
        self.conversations += len(outcome.conversations)
        if outcome.task is not None and outcome.evidence is not None:
            self.tasks += 1
            self._difficulties[outcome.task.metadata.difficulty] += 1
            if outcome.evidence.pass_rate is not None:
                self._rates.append(outcome.evidence.pass_rate)

    def told(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "seeds": self.seeds,
            "questions": self.questions,
            "bad_rows": self.bad_rows,
            **{name: self._counts[name] for name in ("solutions", "programs", "inputs", "labels")},
            "tasks": self.tasks,
            "conversations": self.conversations,
            "unfinished": self.unfinished,
            "rejected": {
                stage: dict(sorted(counts.items())) for stage, counts in sorted(self._rejected.items())
            },
            "agreement": _spread(self._agreements),
            "pass_rate": _spread(self._rates),
            "difficulty": dict(sorted(self._difficulties.items())),
        }


def _spread(shares: list[float]) -> dict[str, Any]:
    """Mean of shares, and how many lie in each fifth; a border belongs to the upper one."""
    counts = Counter(min(_BINS - 1, int(_BINS * share + 1e-9)) for share in shares)
    return {
        "count": len(shares),
        "mean": round(sum(shares) / len(shares), 4) if shares else None,
        "fifths": [counts[place] for place in range(_BINS)],
    }
