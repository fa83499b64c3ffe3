"""The report of a run: one HTML file that needs nothing else, from whatever the run directory holds."""

from __future__ import annotations

import re
import shlex
from html import escape
from importlib.resources import files
from pathlib import Path

from . import sections
from .episode_selection import Decode, as_json, select_episodes
from .headline import headline
from .quality_table import quality_table
from .run_data import RunData, read_branches, read_run
from .run_decoder import run_decoder


def write_report(run_dir: Path, *, decode: Decode | None = None, cap: int = 400) -> Path:
    """Writes `report.html` into a run directory.

    Args:
        run_dir: The directory of a run, finished or not.
        decode: Token ids to text, for the token strips; by default the run's own tokenizer.
        cap: The most episodes that the page carries.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: If there is no such directory, or it holds no part of a run.
    """
    run = read_run(run_dir)
    path = run_dir / "report.html"
    draft = path.with_suffix(".html.part")
    draft.write_text(render(run, decode=decode or run_decoder(run_dir), cap=cap), encoding="utf-8")
    draft.replace(path)
    return path


def render(run: RunData, *, decode: Decode | None = None, cap: int = 400) -> str:
    """The page as text."""
    chosen = select_episodes(run, cap)
    branches = read_branches(run.path, {f"{arm}/{episode.id}" for arm, episode in chosen})
    total = len(run.train) + sum(map(len, run.arms.values()))
    shown = f"all {total:,}" if len(chosen) == total else f"{len(chosen):,} of {total:,}"
    slots = {
        "title": escape(run.name),
        "subtitle": escape(_subtitle(run)),
        "headline": escape(headline(run)),
        "tiles": sections.tiles(run),
        "missing": _missing(run),
        "arms_table": sections.arms_table(run),
        "protocols": sections.protocols_lines(run),
        "arms_chart": sections.arms_chart(run),
        "levels_chart": sections.levels_chart(run),
        "quality_table": quality_table(run),
        "learning_curve": sections.learning_curve(run),
        "learning_caption": sections.learning_caption(run),
        "turns_chart": sections.turns_chart(run),
        "reward_chart": sections.reward_chart(run),
        "health": sections.health_charts(run),
        "details": sections.details(run),
        "shown": f"This page carries {shown} episodes, balanced over arms and steps.",
        "style": _asset("style.css"),
        "script": _asset("reader.js"),
        "episodes": as_json(chosen, branches, decode),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], _asset("page.html"))


def _subtitle(run: RunData) -> str:
    command = run.info.get("command", "")
    words = shlex.join(map(str, command)) if isinstance(command, list) else str(command)
    return " · ".join(part for part in (str(run.info.get("created", "")), words) if part)


def _missing(run: RunData) -> str:
    if not run.missing:
        return ""
    return f'<p class="notice">Missing so far: {escape(", ".join(run.missing))}.</p>'


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
