"""Bad settings as inspect wants them: its command line prints one line and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inspect_ai._util.error import PrerequisiteError
from rich.markup import escape

from ....envs.env_config import ConfigError
from ....envs.missing_extra_error import MissingExtraError
from ....envs.task_sources import HubError


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Around what a user can get wrong.

    Raises:
        PrerequisiteError: If a setting is not allowed, or tasks cannot be loaded.
    """
    try:
        yield
    except (ConfigError, MissingExtraError, HubError, FileNotFoundError) as error:
        raise PrerequisiteError(escape(str(error))) from error
