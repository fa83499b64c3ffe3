"""What an evaluation found: every set, all of them together, where it lies, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...envs.whole_file import whole_file
from ..rollouts.episode import Episode
from ..rollouts.episode_log import EpisodeLogError
from ..rollouts.task_place import TaskPlace
from .breakdown import Breakdown, BreakdownTally
from .evaluation_summary import EvaluationSummary
from .results_text import latex_tables, markdown_tables, result_tables
from .run_record import RunRecord
from .spending import Spending
from .summary_tally import SummaryTally

SUMMARY, MARKDOWN, LATEX = "summary.json", "results.md", "results.tex"


class ResultTally:
    """Adds up episodes as they end, in any order."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._whole = SummaryTally()
        self._sets = {label: SummaryTally() for label in record.sets}
        self._breakdown = BreakdownTally(record.prices)

    def add(self, episode: Episode) -> None:
        """Counts the last attempt at an episode."""
        self._whole.add(episode)
        self._sets[TaskPlace.of(episode).set].add(episode)
        self._breakdown.add(episode)

    def result(self, spending: Spending, *, seconds: float = 0.0, stopped: str = "") -> EvaluationResult:
        """What was counted so far."""
        return EvaluationResult(
            record=self._record,
            summary=EvaluationSummary.from_tally(self._whole, seconds=seconds),
            sets={label: EvaluationSummary.from_tally(tally) for label, tally in self._sets.items()},
            breakdowns=self._breakdown.breakdowns(),
            spending=spending,
            stopped=stopped,
        )


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The result of an evaluation, whole or as far as it came."""

    record: RunRecord
    summary: EvaluationSummary
    """All sets together; each task counts alike."""
    sets: Mapping[str, EvaluationSummary]
    breakdowns: Mapping[str, Breakdown]
    spending: Spending
    stopped: str = ""
    """Why it ended before all was played; empty when it did not."""

    @property
    def planned(self) -> int:
        """Episodes of the whole plan."""
        return sum(self.record.sets.values()) * self.record.samples

    def as_json(self) -> dict[str, Any]:
        """What `summary.json` holds: the summary of all, and beside it the sets, the parts and the cost."""
        return {
            "settings": dict(self.record.command),
            "planned": self.planned,
            "stopped": self.stopped,
            **self.summary.model_dump(mode="json"),
            "sets": {
                label: summary.model_dump(mode="json", exclude={"tasks"})
                for label, summary in self.sets.items()
            },
            "breakdowns": {
                way: {name: group.model_dump(mode="json") for name, group in groups.items()}
                for way, groups in self.breakdowns.items()
            },
            "spending": {
                "prompt_tokens": self.spending.prompt_tokens,
                "completion_tokens": self.spending.completion_tokens,
                "cost": self.spending.cost if self.spending.prices.known else None,
                "estimated": self.spending.estimated,
            },
        }

    def write(self, folder: Path) -> None:
        """Writes summary and tables.

        Raises:
            EpisodeLogError: If there is no room for them.
        """
        priced = self.spending.prices.known
        tables = result_tables(self.record, self.sets, self.summary, self.breakdowns, priced=priced)
        texts = {
            SUMMARY: json.dumps(self.as_json(), indent=2) + "\n",
            MARKDOWN: markdown_tables(tables),
            LATEX: latex_tables(tables),
        }
        for name, text in texts.items():
            try:
                with whole_file(folder / name) as beside:
                    beside.write_text(text, encoding="utf-8")
            except OSError as error:
                raise EpisodeLogError(f"{folder / name}: {error.strerror}; make room and resume") from error
