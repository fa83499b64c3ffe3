"""`replgym doctor --config NAME`: whether a training run can start here, and what it needs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verl_runs.readiness.finding import Finding

_FAILED = 2


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code, 2 when a run would fail."""
    from ..verl_runs.readiness.finding import Status

    name, findings = _examined(arguments)
    ready = all(finding.status is not Status.ERROR for finding in findings)
    if arguments.json:
        content = {
            "config": name,
            "ready": ready,
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        sys.stdout.write(f"{json.dumps(content, indent=2)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(name, findings, ready))
    return 0 if ready else _FAILED


def _examined(arguments: argparse.Namespace) -> tuple[str, Sequence[Finding]]:
    """Name and findings of the run; only a supervised one has a section `data`."""
    from ..run_settings.config_file import read_config
    from ..sft.sft_config import SftConfig
    from ..training.train_config import TrainConfig

    source = arguments.config
    if source in SftConfig.presets() or (
        source not in TrainConfig.presets() and "data" in read_config(TrainConfig.find_preset(source))
    ):
        from ..sft import cli as sft
        from ..sft.readiness.readiness import examine as examine_sft

        supervised = SftConfig.load(source, arguments.overrides)
        sft.check(supervised)
        return supervised.name, examine_sft(supervised, arguments.runs)
    from ..training import cli as training
    from ..training.readiness.readiness import examine

    config = TrainConfig.load(source, arguments.overrides)
    training.check(config)
    return config.name, examine(config, arguments.runs)


def _lines(name: str, findings: Sequence[Finding], ready: bool) -> Iterator[str]:
    from ..verl_runs.readiness.finding_lines import finding_lines

    yield from finding_lines(findings)
    counts = Counter(finding.status for finding in findings)
    told = ", ".join(f"{status} {count}" for status, count in sorted(counts.items()))
    yield f"\n{name}: {'ready' if ready else 'not ready'} ({told})"
