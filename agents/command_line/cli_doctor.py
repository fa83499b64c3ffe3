"""`replgym doctor`: what this machine gives to interpreters, or whether it can carry out a training run."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..usage_error import UsageError
from . import cli_doctor_run

if TYPE_CHECKING:
    from ...kernels.isolation.machine_report import BackendFinding, Finding, MachineReport

_WIDTH = 100
_NAME = 18


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="say what this machine gives to interpreters, or with --config whether a training run can start",
    )
    parser.add_argument("--config", help="preset or YAML file of a training run")
    parser.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="settings that differ from the config"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder of all runs (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    if arguments.config is not None:
        return cli_doctor_run.run(arguments)
    if arguments.overrides:
        raise UsageError(f"{arguments.overrides[0]!r} needs --config: the preset or YAML file of a run")
    from ...kernels.isolation.machine_report import examine_machine

    report = asyncio.run(examine_machine())
    if arguments.json:
        sys.stdout.write(f"{json.dumps(dataclasses.asdict(report), indent=2)}\n")
    else:
        sys.stdout.write("\n".join(_lines(report)) + "\n")
    return 0


def _lines(report: MachineReport) -> Iterator[str]:
    yield "Machine"
    yield from _entry("Python", f"{report.python}  {report.executable}")
    yield from _entry("system", report.platform)
    yield from _entry("processor", report.processor)
    yield from _entry("user", report.user)
    yield "\nLayers"
    yield from _findings(report.layers)
    yield "\nIsolation levels, the strongest first"
    yield from _findings(report.levels)
    yield from _entry("auto takes", report.chosen)
    yield "\nBack ends"
    for backend in report.backends:
        yield from _backend(backend)


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield from _entry(finding.name, f"{_yes(finding.available)}{finding.detail}")


def _backend(backend: BackendFinding) -> Iterator[str]:
    if not backend.available:
        yield from _entry(backend.name, f"{_yes(False)}{' '.join(backend.notes)}")
        return
    yield from _entry(backend.name, f"{_yes(True)}{backend.isolation}")
    protections = ", ".join(backend.protections) or "nothing"
    yield from _entry("", f"     protects: {protections}")
    for note in backend.notes:
        yield from _entry("", f"     {note}")


def _yes(available: bool) -> str:
    return "yes  " if available else "no   "


def _entry(name: str, text: str) -> Iterator[str]:
    """A name and a text, which goes on below itself."""
    indent = len(text) - len(text.lstrip()) or (5 if text[:5] in (_yes(True), _yes(False)) else 0)
    hanging = " " * (_NAME + 2 + indent)
    first = f"  {name:<{_NAME}}{text}"
    yield from textwrap.wrap(
        first, _WIDTH, subsequent_indent=hanging, break_long_words=False, drop_whitespace=True
    )
