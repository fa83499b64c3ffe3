"""The page of the train-step benchmark: tables, targets, and what the figures mean."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import results
from train_step_notes import work_of
from train_step_outcome import Outcome

_YARDSTICK = "verl, process per call"
_STATELESS = "replgym, stateless"
_TARGETS = (
    results.Target(_STATELESS, "seconds a step", 1.0, _YARDSTICK),
    results.Target(_STATELESS, "episodes per second", 2.0, "TRL, process per call"),
    results.Target(_STATELESS, "episodes per second", 2.0, "TRL, replgym's interpreters"),
)
_MEANING = """\
- **seconds a step**: from the first message that a step asks the engine for to that of the next step, so with
  all that a trainer does in between. The first step of a run, which warms up, and the last one do not count.
- **generation**: seconds in which at least one message was being sampled. **update**: forward, backward
  and optimiser. **the rest**: all other seconds of a step: cells, grades, templates, transport, and what a
  trainer does beside, such as verl's second forward pass over all tokens (`old_log_prob`), which TRL
  leaves out where an update is on-policy.
- **reward** shows that all learn from the same: programs are right or wrong by chance.
- All sample at the same temperature, with torch on one thread in each process, in 32-bit floats, without
  gradient checkpointing; one update a step. The model was fitted to the messages beforehand, so that all say
  the same, which *what was done* shows.
- *replgym* is this project's agent loop in verl 0.9.1: *stateless* starts a fresh interpreter for every
  cell, *stateful* keeps one for an episode. *verl* is its own `ToolAgentLoop`: with a tool that starts a
  Python process for each call, as recipes do; with *replgym's tool* with this project's stateful
  interpreter. All four are in front of the same engine for CPUs, which is told whose message it continues,
  and below the same trainer with this project's replay buffer, which notices the end of an episode within
  0.2 s where verl's own looks every 2 s.
- *TRL* is `GRPOTrainer(tools=[function])` with generation by `transformers` in its own process. It calls
  tools one after the other and waits for the longest message of all before any cell runs. Its function
  starts a process per call, or takes a fresh interpreter of this project.
- Cells take a millisecond, and *cells that wait* so many seconds more, without computing, as a call of
  something remote does. Every trainer grades with this project's judge.
- The model is tiny, so what a trainer does beside it weighs more than it does with a model that takes its
  time.
"""


def page(
    about: Mapping[str, object],
    given: Mapping[str, object],
    outcomes: Mapping[str, Sequence[Outcome]],
    waiting: Mapping[str, Sequence[Outcome]],
) -> tuple[dict[str, object], str]:
    """The record and the text of a run.

    Args:
        about: The machine.
        given: What a step was.
        outcomes: Trainer -> its runs.
        waiting: The same with cells that wait.
    """
    versions = {run.version for runs in outcomes.values() for run in runs if run.version}
    record = {
        "machine": {**about, "trl": ", ".join(versions)} if versions else dict(about),
        "given": given,
        "cells of a millisecond": _measured(outcomes),
        "cells that wait": _measured(waiting),
    }
    return record, _text(record)


def _measured(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    samples = {name: _joined([run.samples() for run in runs]) for name, runs in outcomes.items()}
    summary = results.summarise(samples, _YARDSTICK)
    return {
        "samples": samples,
        "work": {
            name: work_of([step for run in runs for step in run.steps]) for name, runs in outcomes.items()
        },
        "verl's account": {name: found for name, runs in outcomes.items() if (found := _parts(runs))},
        "targets": [found for target in _TARGETS if (found := target.judged(summary)) is not None],
    }


def _text(record: Mapping[str, Any]) -> str:
    parts = ["# A training step"]
    for kind in ("cells of a millisecond", "cells that wait"):
        if record[kind]["samples"]:
            parts += [f"## {kind.capitalize()}", *_section(record[kind])]
    parts += [
        "## What a step was",
        "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in record["given"].items()),
        "## What the figures mean",
        _MEANING.rstrip(),
        "## Machine",
        "\n".join(f"- {key}: {value}" for key, value in record["machine"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(measured: Mapping[str, Any]) -> Iterator[str]:
    yield results.table(results.summarise(measured["samples"], _YARDSTICK))
    if measured["targets"]:
        yield _targets(measured["targets"])
    yield "What was done:"
    yield _plain_table(measured["work"], "mean")
    if measured["verl's account"]:
        yield "verl's own account of a step, in seconds:"
        yield _plain_table(measured["verl's account"], "median")


def _joined(runs: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    names = dict.fromkeys(chain.from_iterable(runs))
    return {name: [value for run in runs for value in run[name]] for name in names}


def _parts(runs: Sequence[Outcome]) -> dict[str, float]:
    """Medians of verl's timings over the measured steps."""
    found = [run.parts[step.number] for run in runs for step in run.steps if step.number in run.parts]
    names = dict.fromkeys(chain.from_iterable(found))
    return {name: statistics.median(each[name] for each in found if name in each) for name in names}


def _plain_table(columns: Mapping[str, Mapping[str, float]], what: str) -> str:
    names = dict.fromkeys(chain.from_iterable(columns.values()))
    lines = [f"| {what} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name in names:
        cells = (f"{found[name]:.4g}" if name in found else "–" for found in columns.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _targets(judged: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| target | against | ratio | bound | met |", "|---|---|---|---|---|"]
    for entry in judged:
        bound = f"{'≤' if entry['target'] == 1.0 else '≥'} {entry['target']:g}×"
        met = "yes" if entry["met"] else "**no**"
        lines.append(f"| {entry['what']} | {entry['against']} | {entry['ratio']:.3g}× | {bound} | {met} |")
    return "\n".join(lines)
