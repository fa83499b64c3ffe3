"""What an alert says, once when it starts and once when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..line_log import whole_lines
from ..run_settings.monitoring import Action


class AlertEvent(StrEnum):
    """What happened to an alert."""

    STARTED = "started"
    ENDED = "ended"


class Alert(BaseModel):
    """One event of one rule."""

    model_config = ConfigDict(frozen=True)

    rule: str
    event: AlertEvent
    action: Action
    step: int
    message: str

    def line(self) -> str:
        """A line of JSON."""
        return self.model_dump_json() + "\n"

    def __str__(self) -> str:
        return f"alert {self.rule} {self.event} at step {self.step}: {self.message}"


def read_alerts(path: Path) -> Iterator[Alert]:
    """The alerts of an `alerts.jsonl`, in order; what is none is passed over."""
    for _, line in whole_lines(path):
        try:
            yield Alert.model_validate_json(line)
        except ValidationError:
            continue


def standing(alerts: Iterable[Alert]) -> list[Alert]:
    """Those that started and did not end."""
    last = {alert.rule: alert for alert in alerts}
    return [alert for alert in last.values() if alert.event is AlertEvent.STARTED]
