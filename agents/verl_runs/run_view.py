"""A run at a glance, read from its folder: its last steps, its best checkpoint and the alerts that stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..monitoring.alert import read_alerts, standing
from ..monitoring.best_checkpoint import Selection
from ..monitoring.step_line import step_table
from ..monitoring.step_record import records_by_step
from .run_folder import RunFolder

if TYPE_CHECKING:
    from rich.console import Group


def run_view(root: Path, rows: int) -> Group:
    """What to show of a run.

    Args:
        root: The run folder.
        rows: The most steps to show.
    """
    from rich.console import Group
    from rich.text import Text

    folder = RunFolder(root)
    records = records_by_step(folder.metrics)
    told = f"{len(records)} steps" if records else "no step is over yet"
    lines = [Text(text, style) for text, style in _remarks(folder)]
    return Group(Text(f"{root.resolve().name}: {told}"), step_table(records[-rows:]), *lines)


def _remarks(folder: RunFolder) -> Iterator[tuple[str, str]]:
    if best := Selection.of(folder.best):
        yield f"best: step {best.step}, held-out reward {best.reward:.3g}, {folder.best}", ""
    for alert in standing(read_alerts(folder.alerts)):
        yield str(alert), "bold red"
    if folder.done("training"):
        yield "training is over", "green"
