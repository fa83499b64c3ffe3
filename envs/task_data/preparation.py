"""From task sets to parquet files for verl: read, cap, clean, choose, write, and report what was left out.

Test sets go first, so that a training task which repeats a test task is the one that is dropped. Tasks keep
the order of their files, which is how a curriculum is given, unless they are shuffled.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ...rewards.test_subset import choose_subset
from ..task import Task
from ..task_sources.bad_row import BadRow
from .duplicate_finder import DuplicateFinder
from .evaluation_index import EvaluationIndex
from .prompt_style import PromptStyle, first_messages
from .set_choice import SetChoice
from .task_spool import TaskSpool
from .verl_rows import GroundTruth, GroundTruthError, verl_row, write_parquet

Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationOptions:
    """What is done to the tasks."""

    prompts: PromptStyle = PromptStyle.TOOLS
    action_format: str = "hermes"
    ground_truth: GroundTruth = GroundTruth.TESTS
    deduplicate: bool = True
    near: float | None = None
    """Similarity from which tasks are duplicates; None for equal texts only."""
    max_tests: int | None = None
    sample: int | None = None
    """How many training tasks are drawn; None for all."""
    test_size: int = 0
    """How many tasks are drawn from those for training, to be test tasks instead."""
    shuffle: bool = False
    seed: int = 0


class Preparation:
    """One preparation, into one folder."""

    def __init__(
        self,
        folder: Path,
        options: PreparationOptions,
        *,
        agent_name: str,
        on_row: Callable[[str], None] = lambda _label: None,
    ) -> None:
        """Starts nothing yet.

        Args:
            folder: Where the parquet files, `bad_rows.jsonl`, `dropped.jsonl` and `report.json` go.
            options: What is done to the tasks.
            agent_name: The agent loop that plays the rows.
            on_row: Called with the label of the set after every row that was read.
        """
        self._folder, self._options, self._agent_name = folder, options, agent_name
        self._on_row = on_row
        self._counts: dict[str, Counter[str]] = {}
        self._ids: set[str] = set()
        self._index = EvaluationIndex()
        self._stack = ExitStack()

    def run(
        self,
        train: Sequence[SetChoice],
        test: Sequence[SetChoice] = (),
        against: Sequence[SetChoice] = (),
        keep: Callable[[TaskSpool], Iterable[int]] | None = None,
    ) -> dict[str, Any]:
        """Reads, cleans and writes.

        Args:
            train: Sets to train on, in this order.
            test: Sets to test on.
            against: Evaluation sets that no task may share text with.
            keep: Which of the training tasks stay, such as those whose reference passes; all by default.

        Returns:
            The report, as it lies in `report.json`.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._stack:
            self._bad = self._open("bad_rows.jsonl")
            self._dropped = self._open("dropped.jsonl")
            self._seen = self._stack.enter_context(DuplicateFinder(near=self._options.near))
            for choice in against:
                self._learn(choice)
            tests = self._gather(test)
            tasks = self._gather(train)
            chosen, drawn = self._choose(tasks, keep)
            written = {
                "train": self._write("train", (tasks[number] for number in chosen)),
                "test": self._write("test", self._test_tasks(tests, tasks, drawn)),
            }
        return self._report(written)

    def _open(self, name: str) -> IO[str]:
        return self._stack.enter_context((self._folder / name).open("w", encoding="utf-8"))

    def _learn(self, choice: SetChoice) -> None:
        """Takes an evaluation set into the index."""
        for found in choice.read():
            self._on_row(f"against {choice.label}")
            if isinstance(found, BadRow):
                self._set_aside(f"against {choice.label}", found)
            else:
                self._index.add(found.id, found.prompt)

    def _gather(self, choices: Sequence[SetChoice]) -> TaskSpool:
        """The tasks of these sets that stay."""
        spool = self._stack.enter_context(TaskSpool(self._folder))
        for choice in choices:
            for found in choice.read():
                self._on_row(choice.label)
                if isinstance(found, BadRow):
                    self._set_aside(choice.label, found)
                elif task := self._cleaned(choice.label, found):
                    spool.append(task)
        return spool

    def _set_aside(self, label: str, bad: BadRow) -> None:
        self._count(label, "left_out" if bad.left_out else "bad_rows")
        self._bad.write(json.dumps({"set": label, **asdict(bad)}, ensure_ascii=True) + "\n")

    def _cleaned(self, label: str, task: Task) -> Task | None:
        """The task with its tests capped, or None when it is dropped."""
        self._count(label, "tasks")
        if task.id in self._ids:
            self._drop(label, task, "same_id", of=task.id)
            return None
        if hit := self._index.collision(task.prompt):
            self._drop(label, task, "contaminated", of=hit.evaluation_task, shared=hit.shared)
            return None
        same = self._seen.add(task.id, task.prompt) if self._options.deduplicate else None
        if same:
            kind = "near_duplicate" if same.near else "duplicate"
            self._drop(label, task, kind, of=same.of, similarity=round(same.similarity, 3))
            return None
        self._ids.add(task.id)
        tests, subset = choose_subset(task.tests, self._options.max_tests)
        if subset is not None:
            self._count(label, "capped")
        self._count(label, "kept")
        return task.model_copy(update={"tests": tests})

    def _drop(self, label: str, task: Task, reason: str, **details: Any) -> None:
        self._count(label, reason)
        told = {"set": label, "id": task.id, "reason": reason, **details}
        self._dropped.write(json.dumps(told, ensure_ascii=True) + "\n")

    def _choose(
        self, tasks: TaskSpool, keep: Callable[[TaskSpool], Iterable[int]] | None
    ) -> tuple[list[int], list[int]]:
        """Numbers of the tasks to train on and of those drawn for testing, in their order."""
        draw, options = random.Random(self._options.seed), self._options
        left = sorted(keep(tasks)) if keep else list(range(len(tasks)))
        drawn = set(draw.sample(left, min(options.test_size, len(left))))
        left = [number for number in left if number not in drawn]
        if options.sample is not None:
            left = sorted(draw.sample(left, min(options.sample, len(left))))
        if options.shuffle:
            draw.shuffle(left)
        return left, sorted(drawn)

    def _test_tasks(self, tests: TaskSpool, tasks: TaskSpool, drawn: list[int]) -> Iterator[Task]:
        yield from tests
        yield from (tasks[number] for number in drawn)

    def _write(self, split: Split, tasks: Iterable[Task]) -> int:
        return write_parquet(self._rows(split, tasks), self._folder / f"{split}.parquet")

    def _rows(self, split: Split, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
        options, index = self._options, 0
        for task in tasks:
            messages = first_messages(task, options.prompts, action_format=options.action_format)
            try:
                yield verl_row(
                    task,
                    messages,
                    index=index,
                    split=split,
                    ground_truth=options.ground_truth,
                    agent_name=self._agent_name,
                )
            except GroundTruthError as error:
                self._drop("all", task, "ground_truth", message=str(error))
                continue
            index += 1

    def _count(self, label: str, what: str) -> None:
        self._counts.setdefault(label, Counter())[what] += 1

    def _report(self, written: dict[str, int]) -> dict[str, Any]:
        report = {
            "written": written,
            "sets": {label: dict(counts) for label, counts in self._counts.items()},
            "evaluation_tasks": self._index.tasks,
            "options": asdict(self._options),
        }
        (self._folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
        return report
