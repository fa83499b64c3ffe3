"""The tasks of a run: those that train, and those that are held out."""

from __future__ import annotations

from ...envs.task_set import TaskSet
from .train_config import TrainConfig

EVALUATION_SEED = 10_000
"""Of held-out tasks and of the episodes on them."""
_DEMONSTRATION_SEED = 20_000
_GENERATED = 2000


class RunTasks:
    """Draws the tasks of a run, the same ones whenever it is asked."""

    def __init__(self, config: TrainConfig) -> None:
        self._tasks = config.tasks
        self._heldout = config.evaluation.tasks
        self._seed = config.seed

    def training(self) -> TaskSet:
        """Tasks to train on."""
        return self._draw("train", self._tasks.train_size, self._seed)

    def demonstrations(self, count: int) -> TaskSet:
        """Training tasks to demonstrate."""
        return self._draw("train", count, _DEMONSTRATION_SEED + self._seed)

    def heldout(self) -> TaskSet:
        """Tasks to measure on."""
        return self._draw("heldout", self._heldout, EVALUATION_SEED)

    def _draw(self, split: str, size: int | None, seed: int) -> TaskSet:
        tasks = self._tasks
        if tasks.generated:
            size = size or _GENERATED
            return TaskSet.load("blackbox", split=split, levels=tasks.levels, size=size, seed=seed)
        chosen = tasks.split if split == "train" else tasks.heldout_split or tasks.split
        found = TaskSet.load(tasks.task_set, path=tasks.path, split=chosen)
        ordered = found if split == "train" and not tasks.shuffled else found.shuffle(seed)
        return ordered if size is None else ordered.take(size)
