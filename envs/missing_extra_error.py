"""A task set needs a package that is not installed."""

from __future__ import annotations


class MissingExtraError(ImportError):
    """Names what is missing and the command that installs it."""

    def __init__(self, task_set: str, package: str, extra: str) -> None:
        super().__init__(f"task set {task_set!r} needs the package {package}: pip install 'replgym[{extra}]'")
