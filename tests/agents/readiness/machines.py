"""Machines and runs to check."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.readiness.amount import GIB
from replgym.agents.verl_runs.readiness.finding import Finding, Status
from replgym.agents.verl_runs.readiness.machine import Gpu, Machine

H100 = Gpu("NVIDIA H100 80GB HBM3", 80 * GIB, 9.0, "580.65.06")


def machine(gpus: int = 8, kind: Gpu = H100, **changes: Any) -> Machine:
    """A large one, with these changes."""
    size = {
        "cores": 96,
        "memory": 1000 * GIB,
        "free_memory": 900 * GIB,
        "shared_memory": 64 * GIB,
        "open_files": 1 << 16,
    }
    return Machine(gpus=(kind,) * gpus, **(size | changes))


def run_on_gpus(gpus: int = 8, **sections: Any) -> TrainConfig:
    """Qwen2.5-Coder-7B with SGLang on one node."""
    values = {
        "name": "seven",
        "platform": "cuda",
        "kernels": 64,
        "cluster": {"gpus_per_node": gpus},
        "model": {"path": "Qwen/Qwen2.5-Coder-7B-Instruct"},
        "rollout": {
            "engine": "sglang",
            "temperature": 1.0,
            "memory_share": 0.5,
            "max_prompt_tokens": 2048,
            "max_response_tokens": 6144,
            "max_turn_tokens": 2048,
        },
        "evaluation": {"greedy": False},
    }
    for name, section in sections.items():
        values[name] = {**values.get(name, {}), **section} if isinstance(section, dict) else section
    return TrainConfig.parse(values)


def run_on_cpu(**sections: Any) -> TrainConfig:
    """The default preset."""
    values = {"name": "small", **sections}
    return TrainConfig.parse(values)


def wrong(findings: Iterable[Finding]) -> dict[str, Finding]:
    """What is not ok, by check."""
    return {finding.check: finding for finding in findings if finding.status is not Status.OK}


def write_model(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder
