"""Configuration, command, hardware and versions of every run, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ..records.run_data import RunData
from . import format as shown
from .markup import nothing
from .report_data import ReportData
from .training_section import flat_settings


def run_details(data: ReportData) -> str:
    """One fold for each run."""
    return "".join(
        f"<details><summary>{escape(name)}</summary>{_details(run)}</details>"
        for name, run in zip(data.names, data.runs, strict=True)
    )


def _details(run: RunData) -> str:
    blocks = []
    for key, value in run.info.items():
        title = f"<h3>{escape(str(key))}</h3>"
        if isinstance(value, Mapping):
            rows = "".join(
                f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
                for name, text in flat_settings(value)
            )
            blocks.append(f'{title}<div class="scroll"><table class="plain">{rows}</table></div>')
        elif key != "name":
            blocks.append(f"{title}<pre>{escape(shown.setting(value))}</pre>")
    return "".join(blocks) or nothing("The run left no record of its settings.")
