"""The part of a record that says what it is about: to look through a log without its episodes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from .episode import Failure


class EpisodeHead(BaseModel):
    """Some fields of an `Episode`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    task_id: str
    sample: int = 0
    fingerprint: str = ""
    failure: Failure | None = None
    info: Mapping[str, object] = Field(default_factory=dict)
