"""A run that would fail does not start."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence

from ....envs.env_config import ConfigError
from .finding import Finding, Status
from .finding_lines import finding_lines


def require_ready(findings: Iterable[Finding], config: str, overrides: Sequence[str]) -> None:
    """Tells what is wrong with this machine or the input of a run.

    Args:
        findings: What the checks found.
        config: Preset or file of the run.
        overrides: Settings that differ from it.

    Raises:
        ConfigError: If the run would fail.
    """
    wrong = [finding for finding in findings if finding.status is not Status.OK]
    sys.stderr.writelines(f"{line}\n" for line in finding_lines(wrong))
    if errors := [finding.check for finding in wrong if finding.status is Status.ERROR]:
        doctor = shlex.join(["replgym", "doctor", "--config", config, *overrides])
        raise ConfigError(f"the run would fail: {', '.join(errors)}; all checks: {doctor}")
