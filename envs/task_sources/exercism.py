"""The Python track of Exercism, from a checkout of its repository: instructions, stub and unittest module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...rewards.tests import UnittestTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .row_error import RowError
from .row_files import FileRow
from .task_source import LocalFiles, TaskSource

_TOLD = ("introduction.md", "instructions.md", "instructions.append.md")
_MOST_CHARACTERS = 1_000_000


def _rows(path: Path) -> Iterator[FileRow]:
    """One row from the `.meta/config.json` of an exercise and the files that it names."""
    folder = path.parent.parent
    try:
        config = json.loads(path.read_text())
        files = config["files"]
        example = files.get("example") or files.get("exemplar")
        values: dict[str, Any] = {
            "slug": folder.name,
            "instructions": "\n\n".join(
                _read(folder / ".docs" / name) for name in _TOLD if (folder / ".docs" / name).is_file()
            ),
            "solution_files": files["solution"],
            "stub": _read(folder / files["solution"][0]),
            "test_files": files["test"],
            "test": _read(folder / files["test"][0]),
            "editor_files": files.get("editor", []),
            "solution": _read(folder / example[0]),
            "difficulty": _difficulty(folder),
        }
    except (OSError, ValueError, LookupError, TypeError) as error:
        told = f"{type(error).__name__}: {error}"
        yield FileRow(1, RowError("files", folder.name, f"the exercise is not complete: {told}"))
        return
    yield FileRow(1, values)


def _read(path: Path) -> str:
    with path.open() as file:
        return file.read(_MOST_CHARACTERS)


def _difficulty(folder: Path) -> str:
    """What the track's own `config.json` says, from 1 to 10; empty without one."""
    track = folder.parents[2] / "config.json"
    if not track.is_file():
        return ""
    listed = json.loads(track.read_text())["exercises"].get(folder.parent.name, [])
    found = [each.get("difficulty") for each in listed if each.get("slug") == folder.name]
    return str(found[0]) if found and found[0] is not None else ""


def _parse(row: RawRow) -> Task:
    module = _only_file(row, "solution_files").removesuffix(".py")
    _only_file(row, "test_files")
    if row.items("editor_files"):
        raise row.error("editor_files", "exercises with further files are not supported")
    return Task(
        id=f"exercism/{row.text('slug')}",
        prompt=f"{row.text('instructions').strip()}\n\nSubmit the whole file `{module}.py`, which starts as:"
        f"\n```python\n{row.text('stub').rstrip()}\n```",
        tests=UnittestTests(source=row.text("test"), module=module),
        metadata=TaskMetadata(
            source="exercism",
            difficulty=row.text_or("difficulty") or "unknown",
            tags=("module",),
            time_limit=30,
        ),
        reference=row.text("solution"),
    )


def _only_file(row: RawRow, field: str) -> str:
    names = row.texts(field)
    if len(names) != 1 or "/" in names[0] or not names[0].endswith(".py"):
        raise row.error(field, "it must name one Python file")
    return names[0]


EXERCISM = TaskSource(
    name="exercism",
    title="Exercism, Python track",
    licence="MIT",
    files=LocalFiles("git clone https://github.com/exercism/python, and give that folder"),
    splits={
        "practice": ("*exercises/practice/*/.meta/config.json",),
        "concept": ("*exercises/concept/*/.meta/config.json",),
    },
    parse=_parse,
    rows=_rows,
)
