"""Which alerts stand: each is told when it starts and when it ends, and those that stop the run do so."""

from __future__ import annotations

from collections.abc import Iterable

from ..run_settings.monitoring import Action
from .alert import Alert, AlertEvent


class AlertBoard:
    """Turns what rules complain of into events."""

    def __init__(self, standing: Iterable[Alert] = ()) -> None:
        """Begins with the alerts that stood when an earlier start of the run ended."""
        self._standing = {alert.rule: alert for alert in standing}

    @property
    def reason(self) -> str | None:
        """Why the run must stop; None when it may go on."""
        return next((f"alert {alert.rule}: {alert.message}" for alert in self._stops), None)

    def update(self, rule: str, action: Action, complaint: str | None, step: int) -> Alert | None:
        """Takes a rule's present complaint; returns the event, if this is one."""
        if (complaint is None) == (rule not in self._standing):
            return None
        if complaint is None:
            ended = self._standing.pop(rule)
            message = f"no longer: {ended.message}"
            return Alert(rule=rule, event=AlertEvent.ENDED, action=action, step=step, message=message)
        alert = Alert(rule=rule, event=AlertEvent.STARTED, action=action, step=step, message=complaint)
        self._standing[rule] = alert
        return alert

    def go_on(self, step: int) -> list[Alert]:
        """Ends the alerts that stopped the run, since somebody resumed it; they may start anew."""
        ended = [self.update(alert.rule, alert.action, None, step) for alert in self._stops]
        return [alert for alert in ended if alert is not None]

    @property
    def _stops(self) -> list[Alert]:
        return [alert for alert in self._standing.values() if alert.action is Action.STOP]
