"""Whether the tasks of a run can be read, tried with the first of each split."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ....envs.missing_extra_error import MissingExtraError
from ....envs.task_sources.bad_row import BadRow
from ....envs.task_sources.hub import HubError
from ....envs.task_sources.reader import SourceError, read
from ....envs.task_sources.registry import TASK_SOURCES
from ....envs.task_sources.row_files import UnknownFormatError
from ....envs.task_sources.task_source import HubFiles, TaskSource
from ...verl_runs.readiness.fault_line import fault_line
from ...verl_runs.readiness.finding import Finding
from ..settings.tasks import TasksSettings
from ..train_config import TrainConfig
from .recipe_data import preparation

_ROWS = 20
_SECONDS = 10.0
_NEED = "rows with a prompt and tests"


def check_data(config: TrainConfig) -> Iterator[Finding]:
    """The split to train on, and the one to measure on."""
    tasks = config.tasks
    source = TASK_SOURCES.get(tasks.task_set)
    if source is None:
        yield Finding.ok("tasks", f"{tasks.task_set}, generated")
        return
    if tasks.path is None and isinstance(source.files, HubFiles):
        yield _on_hub(source, source.files)
        return
    fix = _prepare(source, config)
    if tasks.path is not None and not Path(tasks.path).exists():
        yield Finding.error("tasks", f"there is nothing at {tasks.path}", _NEED, fix)
        return
    yield _read("tasks", source, tasks, tasks.split, f"{fix}; or set tasks.split")
    heldout = tasks.heldout_split or tasks.split
    yield _read("held-out tasks", source, tasks, heldout, f"{fix}; or set tasks.heldout_split")


def _read(check: str, source: TaskSource, tasks: TasksSettings, split: str | None, fix: str) -> Finding:
    place = tasks.path or source.name
    try:
        found = list(islice(read(source, tasks.path, split=split), _ROWS))
    except (SourceError, UnknownFormatError) as error:
        return Finding.error(check, str(error), _NEED, fix)
    except (MissingExtraError, HubError) as error:
        return Finding.error(check, str(error), _NEED, "install it, or give tasks.path")
    bad = [row for row in found if isinstance(row, BadRow) and not row.left_out]
    if found and len(bad) < len(found):
        note = f", {len(bad)} of the first {len(found)} rows cannot be used" if bad else ""
        return Finding.ok(check, f"{place}, split {split or source.default_split}{note}")
    if not found:
        return Finding.error(check, f"{place} holds no rows", _NEED, fix)
    told = f"{bad[0].file}, row {bad[0].row}: {bad[0].field} {bad[0].message}" if bad else "all rows left out"
    return Finding.error(check, told, _NEED, fix)


def _on_hub(source: TaskSource, files: HubFiles) -> Finding:
    try:
        from huggingface_hub import HfApi

        HfApi().dataset_info(files.repository, revision=files.revision, timeout=_SECONDS)
    except Exception as error:  # noqa: BLE001 - the errors of the hub's transports have no common class
        fix = (
            f"where there is a network: replgym data prepare {source.name} --output DATA; "
            "then tasks.task_set=tasks tasks.path=DATA"
        )
        told = f"the hub does not answer: {fault_line(error)}"
        return Finding.error("tasks", told, f"{files.repository}, from the hub", fix)
    return Finding.ok("tasks", f"{files.repository}, will be fetched from the hub")


def _prepare(source: TaskSource, config: TrainConfig) -> str:
    """The command that makes what is missing."""
    path = config.tasks.path or "DATA"
    if source.name != "tasks":
        prepare = f"replgym data prepare {source.name}={path} --output DATA"
        return f"{prepare}, then tasks.task_set=tasks tasks.path=DATA"
    told = preparation(config.name, path)
    return told or f"replgym data prepare SET --output {path} (sets: replgym data list)"
