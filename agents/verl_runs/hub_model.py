"""Where a model is: a folder, or a repository on the Hugging Face hub."""

from __future__ import annotations

import re
from pathlib import Path

_HUB_ID = re.compile(r"\w[\w.-]*/[\w.-]+")


def is_hub_id(path: str) -> bool:
    """Whether a path names a repository on the hub: `owner/name`, where no such folder exists."""
    return _HUB_ID.fullmatch(path) is not None and not Path(path).exists()


def located(path: str) -> str:
    """A hub id as it is, a folder by its absolute path: the same in every process, wherever that runs."""
    return path if is_hub_id(path) else str(Path(path).resolve())
