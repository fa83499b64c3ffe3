"""What an evaluation is of: `run.json` and `tasks.jsonl` beside its episodes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...envs.whole_file import whole_file
from ..usage_error import UsageError
from .spending import Prices

STORE_FORMAT = 1
"""Grows when a folder is laid out in another way."""
RECORD, TASKS, EPISODES = "run.json", "tasks.jsonl", "episodes.jsonl"


class StoreVersionError(UsageError):
    """The folder was written by another version, or holds something else."""


class StoredTask(BaseModel):
    """One task of the evaluation, by its hash."""

    model_config = ConfigDict(frozen=True)

    set: str
    id: str
    digest: str
    difficulty: str = "unknown"
    source: str = ""


class RunRecord(BaseModel):
    """How every episode that counts was played."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["evaluation"] = "evaluation"
    format: int = STORE_FORMAT
    version: str = Field(default_factory=lambda: version("replgym"))
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    name: str
    policy: str
    sets: Mapping[str, int]
    """Label of each set -> its tasks."""
    samples: int
    identity: str
    """Hash of `settings`."""
    settings: Mapping[str, Any]
    """See `PlayIdentity.settings`."""
    prices: Prices = Prices()
    command: Mapping[str, Any] = Field(default_factory=dict)
    """What was typed."""

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The record of a folder; None when nothing was evaluated there.

        Raises:
            StoreVersionError: If another version wrote it, or it is the folder of something else.
        """
        path = folder / RECORD
        if not path.exists():
            episodes = folder / EPISODES
            if episodes.exists() and episodes.stat().st_size:
                raise StoreVersionError(
                    f"{folder} holds episodes without {RECORD}, as another version wrote them; "
                    "give another folder"
                )
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found, by = (told.get("format"), told.get("version")) if isinstance(told, dict) else (None, None)
            if isinstance(told, dict) and told.get("kind") != "evaluation":
                raise StoreVersionError(f"{folder} is no evaluation; give another folder")
            if found != STORE_FORMAT:
                raise StoreVersionError(
                    f"{folder} was written by replgym {by} in format {found}; this version reads format "
                    f"{STORE_FORMAT}: use that version, or give another folder"
                )
            return cls.model_validate(told)
        except (OSError, ValidationError, json.JSONDecodeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise StoreVersionError(f"{path} cannot be read ({reason}); give another folder") from error

    def write(self, folder: Path) -> None:
        """Replaces the record of a folder at once."""
        with whole_file(folder / RECORD) as beside:
            beside.write_text(json.dumps(self.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")


def read_tasks(folder: Path) -> Iterator[StoredTask]:
    """The tasks of the evaluation of a folder.

    Raises:
        StoreVersionError: If they cannot be read.
    """
    path = folder / TASKS
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield StoredTask.model_validate_json(line)
    except (OSError, ValidationError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreVersionError(f"{path} cannot be read ({reason}); run the evaluation again") from error
