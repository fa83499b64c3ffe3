"""Reads a data set as a stream of tasks; a row that cannot be used is a `BadRow`, and reading goes on."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from ..missing_extra_error import MissingExtraError
from ..task import Task
from .bad_row import BadRow
from .hub import download
from .raw_row import RawRow
from .row_error import RowError, RowLeftOut
from .row_files import FileRow
from .task_source import HubFiles, LocalFiles, PackageRows, RowSource, TaskSource

_EXCERPT = 2000


class SourceError(ValueError):
    """A data set cannot be read as asked; one line with the fix."""


def read(
    source: TaskSource, path: Path | str | None = None, *, split: str | None = None, **options: Any
) -> Iterator[Task | BadRow]:
    """Reads a data set, holding one row at a time.

    Args:
        source: The data set.
        path: A local file, or a folder that is laid out as the data set is; by default its package or hub.
        split: One of `source.splits`; the first by default. A file that is named is read whole.
        **options: Options of the set, such as a window of dates.

    Yields:
        Tasks, and rows that could not be made into tasks, in the order of the files.

    Raises:
        SourceError: If the split or an option is unknown, or no file is there.
        MissingExtraError: If a package is needed that is not installed.
        HubError: If the hub cannot be reached or has no such data set.
    """
    source, options = _configured(source, options)
    for row in read_rows(source, path, split=split, **options):
        if isinstance(row, BadRow):
            yield row
        else:
            yield from _tasks(source, row)


def read_rows(
    source: RowSource, path: Path | str | None = None, *, split: str | None = None, **options: Any
) -> Iterator[RawRow | BadRow]:
    """Reads the rows of a data set as they are; as `read`, without parsing."""
    chosen = split or source.default_split
    if chosen not in source.splits:
        raise SourceError(f"task set {source.name!r}: split {chosen!r} is unknown; use one of: "
                          f"{', '.join(source.splits)}")  # fmt: skip
    if path is None and isinstance(source.files, PackageRows):
        yield from _package_rows(source, source.files, chosen, options)
        return
    if options:
        raise SourceError(f"task set {source.name!r} has no option {next(iter(options))!r} for files")
    for name, file in _files(source, path, chosen):
        for found in source.rows(file):
            yield _raw(found, name, chosen)


def _configured(source: TaskSource, options: dict[str, Any]) -> tuple[TaskSource, dict[str, Any]]:
    """The source for the options that it understands, and those for the rows of its package."""
    makes = source.configure or (source.files.rows if isinstance(source.files, PackageRows) else None)
    if makes is None or not options:
        return source, options
    known = [name for name in inspect.signature(makes).parameters if name != "split"]
    if unknown := [name for name in options if name not in known]:
        raise SourceError(f"task set {source.name!r} has no option {unknown[0]!r}; use some of: "
                          f"{', '.join(known)}")  # fmt: skip
    return (source, options) if source.configure is None else (source.configure(**options), {})


def _raw(found: FileRow, file: str, split: str) -> RawRow | BadRow:
    if isinstance(found.values, RowError):
        return BadRow(file, found.number, "", str(found.values), found.excerpt)
    return RawRow(found.values, file, found.number, split)


def _package_rows(
    source: RowSource, package: PackageRows, split: str, options: dict[str, Any]
) -> Iterator[RawRow]:
    try:
        rows = package.rows(split=split, **options)
    except ImportError as error:
        raise MissingExtraError(source.name, package.package, package.extra) from error
    for number, values in enumerate(rows, start=1):
        yield RawRow(values, package.package, number, split)


def _files(source: RowSource, path: Path | str | None, split: str) -> Iterable[tuple[str, Path]]:
    """Names and paths of the files of a split, each made local when its turn comes."""
    patterns = source.splits[split]
    if path is None:
        if isinstance(source.files, LocalFiles):
            raise SourceError(f"task set {source.name!r} needs a path: {source.files.advice}")
        assert isinstance(source.files, HubFiles)
        return download(source.files.repository, source.files.revision, patterns)
    place = Path(path)
    if place.is_file():
        return [(place.name, place)]
    if not place.is_dir():
        raise FileNotFoundError(f"{place}: there is no such file or folder")
    names = [found.relative_to(place).as_posix() for found in place.rglob("*") if found.is_file()]
    chosen = matching(names, patterns)
    if not chosen:
        raise SourceError(f"{place} has no file of split {split!r} of {source.name!r}: "
                          f"it needs {' or '.join(patterns)}")  # fmt: skip
    return [(name, place / name) for name in chosen]


def matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The names that match, in the order of the patterns, then by name; each once."""
    ordered = sorted(names)
    found = [name for pattern in patterns for name in ordered if fnmatch(name, pattern)]
    return list(dict.fromkeys(found))


def _tasks(source: TaskSource, row: RawRow) -> Iterator[Task | BadRow]:
    try:
        made = source.parse(row)
        tasks = (made,) if isinstance(made, Task) else tuple(made)
        for task in tasks:
            task.model_dump_json()
        yield from tasks
    except RowError as error:
        yield _bad(row, error.field, str(error), left_out=isinstance(error, RowLeftOut))
    except PydanticSerializationError:
        yield _bad(row, "", "it has a text that is no Unicode: half of a surrogate pair")
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        yield _bad(row, ".".join(map(str, fault["loc"])), str(fault["msg"]))
    except Exception as error:  # noqa: BLE001 - rows are data of strangers: whatever they break is one bad row
        yield _bad(row, "", f"{type(error).__name__}: {error}")


def _bad(row: RawRow, field: str, message: str, *, left_out: bool = False) -> BadRow:
    excerpt = json.dumps(row.values, default=str, ensure_ascii=False)[:_EXCERPT]
    return BadRow(row.file, row.number, field, message, excerpt, left_out)
