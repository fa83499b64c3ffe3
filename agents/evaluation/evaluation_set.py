"""One of the task sets of an evaluation, by what a person types."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...envs.task_data.set_choice import SetChoiceError
from ...envs.task_set import TaskSet
from ...envs.task_sources.task_files import TASK_FILES
from ..usage_error import UsageError

_FORM = re.compile(
    r"(?P<name>[\w+.-]+)(?::(?P<split>[\w.-]+))?(?:,(?P<options>.*)|=(?P<path>.+))?", re.DOTALL
)
_NEXT_OPTION = re.compile(r",(?=[A-Za-z_]\w*=)")
_BLACK_BOX = "blackbox"
_BLACK_BOX_TASKS = 100


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Tasks, and what reports call the set that they are of."""

    label: str
    tasks: TaskSet

    @classmethod
    def load(
        cls,
        text: str,
        *,
        split: str | None = None,
        limit: int | None = None,
        seed: int = 0,
        shuffle: bool = False,
    ) -> Self:
        """Reads `NAME[:SPLIT][,KEY=VALUE...]`, `NAME[:SPLIT]=PATH`, or the path of a file of tasks.

        Args:
            text: Such as `humaneval`, `livecodebench:v6,start=2024-10-01,path=FOLDER` or `mine.jsonl`.
            split: The split, where the text names none.
            limit: The most tasks; all by default, 100 of those that are made here.
            seed: Seed of tasks that are made, and of the draw.
            shuffle: Whether the limit is drawn, not taken from the beginning.

        Raises:
            UsageError: If an option is no option of the set.
            SetChoiceError: If no set has this name.
            UnknownTaskSetError: If the split or an option is unknown.
        """
        choice, label = _parsed(text)
        name = choice.pop("name")
        wanted = choice.pop("split", None) or split
        options = choice | ({"split": wanted} if wanted else {})
        if name == _BLACK_BOX:
            made = {"split": "heldout", "size": limit or _BLACK_BOX_TASKS, "seed": seed, **options}
            if isinstance(made.get("levels"), int):
                made["levels"] = (made["levels"],)
            return cls(label, TaskSet.load(name, **made))
        tasks = TaskSet.load(name, **options, limit=None if shuffle else limit)
        if shuffle:
            tasks = tasks.shuffle(seed)
        return cls(label, tasks.take(limit) if shuffle and limit else tasks)


def _parsed(text: str) -> tuple[dict[str, Any], str]:
    """Name, split and options by keyword, and the label."""
    found = _FORM.fullmatch(text)
    if found is None or found["name"] not in TaskSet.names():
        if not Path(text).exists():
            raise SetChoiceError(
                f"{text!r} is no file and no task set; use NAME[:SPLIT][,KEY=VALUE...][=PATH] with one of: "
                f"{', '.join(TaskSet.names())}"
            )
        return {"name": TASK_FILES.name, "split": "all", "path": Path(text)}, Path(text).name
    options = _options(text, found["options"])
    path = options.pop("path", None) or found["path"]
    where: Mapping[str, Any] = {"path": Path(str(path))} if path else {}
    told = "".join(f",{key}={_shown(value)}" for key, value in sorted(options.items()))
    label = found["name"] + (f":{found['split']}" if found["split"] else "") + told
    return {"name": found["name"], "split": found["split"], **where, **options}, label


def _options(text: str, typed: str | None) -> dict[str, Any]:
    options = {}
    for part in _NEXT_OPTION.split(typed) if typed else ():
        key, equals, value = part.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"{text!r}: {part!r} is no option; write KEY=VALUE, such as start=2024-10-01")
        options[key] = _value(value)
    return options


def _value(text: str) -> Any:
    """`3` as a number, `1,2,3` as several, `v6` as it is."""
    parts = text.split(",")
    if len(parts) > 1:
        return tuple(_value(part) for part in parts)
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) or value is None else text


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
