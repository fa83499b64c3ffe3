"""Data sets of the field as streams of tasks: one file a family, one reader and one registry for all."""

from .bad_row import BadRow
from .hub import HubError
from .raw_row import RawRow
from .reader import SourceError, read
from .registry import TASK_SOURCES
from .row_error import RowError
from .row_files import FileRow, UnknownFormatError, rows_of_file
from .task_source import HubFiles, LocalFiles, PackageRows, TaskSource

__all__ = [
    "TASK_SOURCES",
    "BadRow",
    "FileRow",
    "HubError",
    "HubFiles",
    "LocalFiles",
    "PackageRows",
    "RawRow",
    "RowError",
    "SourceError",
    "TaskSource",
    "UnknownFormatError",
    "read",
    "rows_of_file",
]
