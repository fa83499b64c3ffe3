"""The page of the rollout benchmark: tables, targets, and what the figures mean."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import results

YARDSTICK = "barrier"
_RATIOS = (
    results.Target("replgym", "episodes per second", 1.5, "barrier"),
    results.Target("replgym", "episodes per second", 1.2, "verl"),
)
_MEANING = """\
- **engine idle**: 1 - busy slot seconds / (slots x seconds), from the start to the moment at which fewer
  episodes remain than there are slots; *whole run*: to the end of the last episode.
- **environment share**: the seconds of an episode in which it neither waited for the engine, nor was written
  by it, nor was in a cell for as long as that cell takes by itself, over all its seconds; summed over all
  episodes. It holds parsing, templates, starts of interpreters, transport, the log, and waiting for a busy
  processor or event loop. *Queueing left out*: over the seconds without those in the engine's queue.
- **host CPU**: processor seconds of the process with the event loop over wall seconds; **cpu per episode**
  and **machine CPU** (over wall seconds and cores): of that process and all below it, to their end.
- **loop lag**: by how much a ticker of 10 ms was late.
- **peak memory**: proportional set size of the process and all below it, seen every two
  seconds, or less often where there are thousands. Page tables are the Linux kernel's, and not in it.
- thousands of episodes are played in front of an engine 1.6 times as fast.
- *replgym* plays each episode by itself and logs it. *barrier* is the same code with a barrier before and
  after every step of all episodes. *verl* is the stock `ToolAgentLoop` of verl 0.9.1 with a tool that starts
  a Python process per call, at most 128 at once as ReTool's does, and keeps no state (*replayed*: it runs the
  earlier cells again first). The engine lives in the event loop of each, on a clock of its own, and costs it
  one timer per message.
- All contenders overlap tools with the engine but the barrier, so in front of an engine that is slow for the
  machine's cores they tie: what a process per call costs is processor time. `cpu per episode` says how many
  episodes per second a core can feed; *a slower engine* shows the tie.
"""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit on a median."""

    column: str
    metric: str
    most: float

    def judged(self, samples: results.Samples) -> dict[str, object] | None:
        """The figure and whether it is met; None when it was not measured."""
        values = samples.get(self.column, {}).get(self.metric)
        if not values:
            return None
        value, unit = statistics.median(values), results.UNITS[self.metric]
        return {
            "what": f"{self.column}: {self.metric}",
            "figure": f"{value * unit.scale:.3g} {unit.suffix}",
            "target": f"< {self.most * unit.scale:.3g} {unit.suffix}",
            "met": value < self.most,
        }


_BOUNDS = (Bound("replgym", "engine idle", 0.03), Bound("replgym", "environment share", 0.02))
_MEMORY = 4e9


def page(
    about: Mapping[str, object],
    job: Mapping[str, object],
    work: Sequence[Mapping[str, float]],
    samples: results.Samples,
    slow: results.Samples,
    many: results.Samples,
) -> tuple[dict[str, object], str]:
    """The record and the text of a run.

    Args:
        about: The machine.
        job: What was played in the rounds.
        work: What was drawn, for each round.
        samples: Contender -> metric -> samples.
        slow: The same in front of a slower engine.
        many: The same for the ways in which thousands of episodes were played.
    """
    summary = results.summarise(samples, YARDSTICK)
    judged = [_ratio(found) for target in _RATIOS if (found := target.judged(summary)) is not None]
    judged += [found for bound in _BOUNDS if (found := bound.judged(samples)) is not None]
    judged += [
        found for way in many if (found := Bound(way, "peak memory", _MEMORY).judged(many)) is not None
    ]
    played = {"job": job, "work": work, "samples": samples, "slow": slow, "many": many}
    record = {"machine": about, "targets": judged, **played}
    parts = ["# Rollouts", results.table(summary), _targets(judged)]
    for title, others in (("A slower engine", slow), ("Thousands of episodes at once", many)):
        if others:
            parts += [f"## {title}", results.table(results.summarise(others, ""))]
    parts += ["## What was played", _facts(job, work), "## What the figures mean", _MEANING.rstrip()]
    parts += ["## Machine", "\n".join(f"- {key}: {value}" for key, value in about.items())]
    return record, "\n\n".join(parts) + "\n"


def _ratio(found: Mapping[str, object]) -> dict[str, object]:
    what = f"{found['what']} against {found['against']}"
    return {
        "what": what,
        "figure": f"{found['ratio']:.3g}x",
        "target": f">= {found['target']:g}x",
        "met": found["met"],
    }


def _targets(judged: Sequence[Mapping[str, object]]) -> str:
    lines = ["| target | figure | bound | met |", "|---|---|---|---|"]
    for entry in judged:
        met = "yes" if entry["met"] else "**no**"
        lines.append(f"| {entry['what']} | {entry['figure']} | {entry['target']} | {met} |")
    return "\n".join(lines)


def _facts(job: Mapping[str, object], work: Sequence[Mapping[str, float]]) -> str:
    drawn = {name: statistics.mean(each[name] for each in work) for name in (work[0] if work else {})}
    lines = [f"- {name.replace('_', ' ')}: {value}" for name, value in job.items()]
    return "\n".join(
        lines + [f"- {name}: {results.number(value)}" for name, value in drawn.items() if name not in job]
    )
