"""The files of a synthesis: tasks, conversations, what was set aside, and the report.

Each is written beside its place first, so that it is whole or that of the start before.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ...envs.task_sources.bad_row import BadRow
from ...envs.whole_file import whole_file
from .outcome import Outcome
from .rejection import Rejection
from .synthesis_report import SynthesisReport

TASKS, CONVERSATIONS, EVIDENCE = "tasks.jsonl", "sft.jsonl", "evidence.jsonl"
REJECTED, BAD_ROWS, REPORT = "rejected.jsonl", "bad_rows.jsonl", "report.json"


class SynthesisFiles:
    """Takes results one by one.

    Args:
        folder: Where they go.
        report: Where they are counted.
    """

    def __init__(self, folder: Path, report: SynthesisReport) -> None:
        self.report = report
        self._folder = folder
        self._stack = ExitStack()
        self._open: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (TASKS, CONVERSATIONS, EVIDENCE, REJECTED, BAD_ROWS):
            beside = self._stack.enter_context(whole_file(self._folder / name))
            self._open[name] = self._stack.enter_context(beside.open("w", encoding="utf-8"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, outcome: Outcome) -> None:
        """Writes what became of a question."""
        self.report.add(outcome)
        for rejection in outcome.rejected:
            self.reject(rejection)
        if outcome.task is not None:
            self._write(TASKS, outcome.task.model_dump_json(ensure_ascii=True))
        if outcome.evidence is not None:
            told = {**outcome.evidence.model_dump(mode="json"), "pass_rate": outcome.evidence.pass_rate}
            self._write(EVIDENCE, json.dumps(told))
        for conversation in outcome.conversations:
            self._write(CONVERSATIONS, conversation.model_dump_json(ensure_ascii=True))

    def reject(self, rejection: Rejection) -> None:
        """Writes one thing that was set aside."""
        self.report.reject(rejection)
        self._write(REJECTED, rejection.model_dump_json(ensure_ascii=True))

    def set_aside(self, bad: BadRow) -> None:
        """Writes a row that is no question."""
        self.report.bad_rows += 1
        self._write(BAD_ROWS, json.dumps(asdict(bad)))

    def finish(self, more: dict[str, Any]) -> dict[str, Any]:
        """Puts the files in their places.

        Args:
            more: What the report says beside the counts.

        Returns:
            The report.
        """
        self._stack.close()
        report = {**self.report.told(), **more}
        (self._folder / REPORT).write_text(json.dumps(report, indent=2) + "\n")
        return report

    def _write(self, name: str, line: str) -> None:
        self._open[name].write(f"{line}\n")
