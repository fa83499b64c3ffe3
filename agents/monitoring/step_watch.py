"""What every watched run has: its steps go to sinks and are looked at by rules, whose alerts may stop it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..run_settings.monitoring import Action
from .alert import Alert
from .alert_board import AlertBoard
from .alert_rules import AlertRule
from .metric_sink import MetricSink
from .step_record import StepRecord


class StepWatch:
    """Takes the steps of one start of a trainer."""

    def __init__(
        self,
        *,
        sink: MetricSink,
        rules: Sequence[AlertRule],
        history: Iterable[StepRecord] = (),
        standing: Iterable[Alert] = (),
    ) -> None:
        """Shows what earlier starts recorded to the rules; alerts that stopped the run end, since it goes on.

        Args:
            sink: Where metrics and alerts go; it must not raise.
            rules: What to look out for in every step.
            history: The records of the steps that earlier starts took, in order.
            standing: The alerts that stood when the last start ended.
        """
        self._sink, self._rules = sink, tuple(rules)
        self.done = 0
        """The last step that an earlier start took."""
        for record in history:
            self.done = max(self.done, record.step)
            for rule in self._rules:
                rule.complaint(record)
        self._board = AlertBoard(standing)
        for alert in self._board.go_on(self.done):
            sink.alert(alert)

    @property
    def fault(self) -> str | None:
        """Why the run must stop now; None when it may go on."""
        return self._board.reason

    def take(self, record: StepRecord) -> None:
        """Hands on a step that is over, and what the rules say of it."""
        self._sink.step(record)
        for rule in self._rules:
            self.tell(rule.name, rule.action, rule.complaint(record), record.step)

    def tell(self, rule: str, action: Action, complaint: str | None, step: int) -> None:
        """Takes a rule's present complaint."""
        alert = self._board.update(rule, action, complaint, step)
        if alert is not None:
            self._sink.alert(alert)

    def close(self) -> None:
        """Closes the sinks; idempotent."""
        self._sink.close()
