"""The alerts of the runs, as a table: when each started, when it ended, and what it said."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ..monitoring.alert import Alert, AlertEvent, read_alerts
from .markup import table
from .report_data import ReportData


def alert_list(data: ReportData) -> str:
    """The table; empty when nothing alarmed."""
    heads = ("alert", "what it said", "from step", "to step", "action")
    rows = []
    for number, run in enumerate(data.runs):
        for alert, ended in _spans(read_alerts(run.path / "alerts.jsonl")):
            name = alert.rule if len(data.runs) == 1 else f"{data.names[number]} · {alert.rule}"
            until = "stands" if ended is None else str(ended)
            cells = (name.replace("_", " "), alert.message, str(alert.step), until, str(alert.action))
            rows.append([escape(cell) for cell in cells])
    return table(heads, rows, texts=2) if rows else ""


def _spans(alerts: Iterable[Alert]) -> list[tuple[Alert, int | None]]:
    """Starts of alerts, in order, with the step at which each ended."""
    spans: list[tuple[Alert, int | None]] = []
    open_at: dict[str, int] = {}
    for alert in alerts:
        if alert.event is AlertEvent.STARTED:
            open_at[alert.rule] = len(spans)
            spans.append((alert, None))
        elif alert.rule in open_at:
            place = open_at.pop(alert.rule)
            spans[place] = (spans[place][0], alert.step)
    return spans
