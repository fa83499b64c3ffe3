"""The report of runs: one HTML file that needs nothing else, from whatever the runs left on disk."""

from __future__ import annotations

import re
import shlex
from html import escape
from importlib.resources import files
from pathlib import Path

from ...envs.whole_file import whole_file
from ..records.run_data import EVALUATION, RunData, read_run
from ..records.run_decoder import Decode, run_decoder
from . import assets, conduct_section, results_section
from . import format as shown
from .episode_blocks import EpisodeBlocks
from .episode_selection import select_episodes
from .headline import headline
from .markup import card, cards
from .quality_table import quality_table
from .report_data import ReportData, arm_name
from .run_details import run_details
from .tiles import tiles
from .training_section import training_section

CAP = 50_000
_SCRIPTS = ("blocks.js", "text.js", "tokens.js", "episode.js", "table.js", "reader.js")


def write_report(
    *runs: Path, output: Path | None = None, decode: Decode | None = None, cap: int = CAP
) -> Path:
    """Writes the page.

    Args:
        runs: Folders of trainings and evaluations, finished or not, and files of episodes.
        output: Where to; `report.html` in the run's folder by default, or here for several runs.
        decode: Token ids to text, for the token strips; by default each run's own tokenizer.
        cap: The most episodes that the page carries.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: If a run does not exist, or holds no part of one.
        ValueError: If no run is given.
    """
    if not runs:
        raise ValueError("runs is empty; give at least one run")
    data = ReportData.of([read_run(path) for path in runs])
    path = output or _default_output(runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        beside.write_text(render(data, decode=decode, cap=cap), encoding="utf-8")
    return path


def render(data: ReportData, *, decode: Decode | None = None, cap: int = CAP) -> str:
    """The page as text."""
    total = sum(len(group.episodes) for group in data.groups)
    blocks = _blocks(data, decode, cap)
    carried = (
        f"all {total:,} episodes"
        if len(blocks) == total
        else (f"{len(blocks):,} of {total:,} episodes, balanced over evaluations and steps")
    )
    packed = "".join(blocks.elements())
    slots = {
        "title": escape(data.title),
        "subtitle": "<br>".join(escape(_subtitle(run)) for run in data.runs),
        "headline": escape(headline(data)),
        "tiles": tiles(data),
        "missing": _missing(data),
        "unplayed": " hidden" if all(run.is_supervised for run in data.runs) else "",
        "results": _results(data),
        "conduct": _conduct(data),
        "training": training_section(data),
        "details": run_details(data),
        "shown": f"This page carries {carried}, {shown.size(len(packed))} packed.",
        "style": _asset("style.css"),
        "script": "\n".join(map(_asset, _SCRIPTS)),
        "episodes": packed,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], _asset("page.html"))


def _blocks(data: ReportData, decode: Decode | None, cap: int) -> EpisodeBlocks:
    chosen, blocks = select_episodes(data.groups, cap), EpisodeBlocks()
    for number, run in enumerate(data.runs):
        own = decode or run_decoder(run.path)
        for arm, episode in run.complete_episodes():
            if (number, arm, episode.id) in chosen:
                blocks.add(_told(arm), data.names[number], episode, own)
    return blocks


def _told(arm: str) -> str:
    """What the table calls an arm, beside the run."""
    return "" if arm == EVALUATION else arm_name(arm)


def _results(data: ReportData) -> str:
    whisker = "Dot: share solved. Whisker: its 95 % interval."
    sets = results_section.sets_chart(data)
    charts = cards(
        card("Success by evaluation", results_section.arms_chart(data), whisker),
        card("Success by level", results_section.levels_chart(data), whisker),
        card("Success by task set", sets, whisker),
    )
    return results_section.arms_table(data) + _results_caption(data) + charts + _quality(data)


def _results_caption(data: ReportData) -> str:
    return (
        '<p class="caption">Interval: bootstrap that resamples whole tasks (2,000 draws); with one sample a '
        "task, or where all episodes end alike, Wilson over the tasks. Turns, tool calls, reward and time "
        "are means per scored episode. Failures are faults of the machine and count in no rate.</p>"
        f'<p class="caption">{results_section.protocols_lines(data)}</p>'
    )


def _quality(data: ReportData) -> str:
    return (
        f"<h3>Quality by level</h3>{quality_table(data)}"
        '<p class="caption">Tests passed: mean share over the scored episodes, those without a submission '
        "included. Bands: episodes by their share, a fifth each, from very poor (below 20 %) to excellent "
        "(80 % and more).</p>"
    )


def _conduct(data: ReportData) -> str:
    made = cards(
        card("Turns", conduct_section.turns_histogram(data)),
        card("Time", conduct_section.seconds_histogram(data)),
        card("Tokens", conduct_section.tokens_histogram(data)),
    )
    return (
        f"<h3>How they ended</h3>{conduct_section.endings_table(data)}"
        f"{made}<h3>What a turn waits for</h3>{conduct_section.latency_table(data)}"
        '<p class="caption">Policy: writing a message. Environment: running cells and judging answers.</p>'
    )


def _default_output(runs: tuple[Path, ...]) -> Path:
    if len(runs) > 1:
        return Path("report.html")
    (run,) = runs
    return run / "report.html" if run.is_dir() else run.with_suffix(".html")


def _subtitle(run: RunData) -> str:
    command = run.info.get("command", "")
    words = shlex.join(map(str, command)) if isinstance(command, list) else str(command)
    return " · ".join(part for part in (run.name, str(run.info.get("created", "")), words) if part)


def _missing(data: ReportData) -> str:
    told = [
        f"{f'{name}: ' if len(data.runs) > 1 else ''}{', '.join(run.missing)}"
        for name, run in zip(data.names, data.runs, strict=True)
        if run.missing
    ]
    return f'<p class="notice">Missing so far: {escape("; ".join(told))}.</p>' if told else ""


def _asset(name: str) -> str:
    return files(assets).joinpath(name).read_text(encoding="utf-8")
