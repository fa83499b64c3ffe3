"""Where a data set comes from, and how one of its rows becomes a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..task import Task
from .raw_row import RawRow
from .row_files import FileRow, rows_of_file


@dataclass(frozen=True, slots=True)
class HubFiles:
    """A data set repository on a hub that speaks as huggingface.co does."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """A data set that has to be fetched by hand; `advice` says from where."""

    advice: str


@dataclass(frozen=True, slots=True)
class PackageRows:
    """Rows that an installed Python package holds or generates."""

    package: str
    """Its name in the package index."""
    extra: str
    """The extra of replgym that installs it."""
    rows: Callable[..., Iterator[Mapping[str, Any]]]
    """Makes the rows, from options of the set; raises ImportError without the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """One data set as rows."""

    name: str
    """How commands and settings call it."""
    title: str
    licence: str
    files: HubFiles | LocalFiles | PackageRows
    """Where rows come from when no local path is given."""
    splits: Mapping[str, tuple[str, ...]]
    """Split -> patterns (`fnmatch`) of its files, relative to the repository or folder; the first is the
    default. Files are read in the order of the patterns, and by name within one pattern."""
    rows: Callable[[Path], Iterator[FileRow]] = rows_of_file
    """Reads one file; by its suffix unless the set has a layout of its own."""

    @property
    def default_split(self) -> str:
        """The split that is read when none is named."""
        return next(iter(self.splits))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSource(RowSource):
    """One data set as tasks; a frozen record, so that all of them fit one registry."""

    parse: Callable[[RawRow], Task | Iterable[Task]]
    """Makes tasks of one row; what cannot be used raises `RowError`."""
    evaluation: bool = False
    """True for a set that models are measured on, so that training sets are cleaned of it."""
    configure: Callable[..., TaskSource] | None = None
    """Makes the source for options given by keyword, such as a window of dates; None when there are none."""
