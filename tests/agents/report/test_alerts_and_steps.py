"""What the monitor says of a run, as the page shows it."""

from __future__ import annotations

from pathlib import Path

from replgym.agents.monitoring.alert import Alert, AlertEvent
from replgym.agents.monitoring.jsonl_sink import JsonlSink
from replgym.agents.monitoring.step_record import StepRecord
from replgym.agents.report.page import write_report
from replgym.agents.run_settings.monitoring import Action

from ..monitoring.logged import episode, log
from .run_files import EVIL, Page


def alert(rule: str, event: AlertEvent, step: int, message: str = "odd") -> Alert:
    return Alert(rule=rule, event=event, action=Action.WARN, step=step, message=message)


def monitored(root: Path, message: str = "odd") -> Path:
    log(root / "episodes", *(episode(f"a{step}", step=step) for step in (1, 2, 3)))
    log(root / "episodes", episode("h", step=3), name="heldout-a-1")
    sink = JsonlSink(root / "metrics.jsonl", root / "alerts.jsonl")
    for step in (1, 2, 3):
        sink.step(StepRecord(step, {"groups/none": 0.5, "tools/unused": 0.1, "heldout/reward": step / 10}))
    for event, step in ((AlertEvent.STARTED, 1), (AlertEvent.ENDED, 2), (AlertEvent.STARTED, 3)):
        sink.alert(alert("reward_collapse", event, step, message))
    return write_report(root)


def test_alerts_are_listed_with_their_spans(tmp_path: Path) -> None:
    text = Page(monitored(tmp_path)).text
    for row in (
        '<th scope="row">reward collapse</th><td class="text">odd</td><td>1</td><td>2</td><td>warn</td>',
        '<th scope="row">reward collapse</th><td class="text">odd</td><td>3</td><td>stands</td><td>warn</td>',
    ):
        assert row in text


def test_metrics_of_steps_have_charts(tmp_path: Path) -> None:
    text = Page(monitored(tmp_path)).text
    for told in ("Step by step", "Held-out reward", "Groups of which no episode is solved", "last 0.3"):
        assert told in text
    assert "Cells that raise" not in text, "nothing was said of cells"


def test_what_is_measured_between_steps_is_no_arm(tmp_path: Path) -> None:
    text = Page(monitored(tmp_path)).text
    assert "heldout, a" not in text


def test_an_alert_stays_text(tmp_path: Path) -> None:
    pages = [Page(monitored(tmp_path / name, message)) for name, message in (("a", "odd"), ("b", EVIL))]
    assert pages[0].tags.count("script") == pages[1].tags.count("script")
    assert pages[0].tags.count("img") == pages[1].tags.count("img")
