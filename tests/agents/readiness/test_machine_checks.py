"""GPUs, their memory, and the machine around them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.training.readiness.gpu_memory import check_gpu_memory
from replgym.agents.training.readiness.host import check_host
from replgym.agents.training.readiness.training_memory import training_memory
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.readiness.amount import GIB, MIB
from replgym.agents.verl_runs.readiness.finding import Status
from replgym.agents.verl_runs.readiness.gpus import check_gpus
from replgym.agents.verl_runs.readiness.known_models import known_settings
from replgym.agents.verl_runs.readiness.machine import Gpu, Machine
from replgym.agents.verl_runs.readiness.memory_plan import MemoryPlan
from replgym.agents.verl_runs.readiness.model_size import ModelSize

from .machines import H100, machine, run_on_cpu, run_on_gpus, wrong

NVIDIA_SMI = """#!/bin/sh
[ "$1" = --query-gpu=name,memory.total,compute_cap,driver_version ] || exit 1
echo "NVIDIA A100-SXM4-40GB, 40960, 8.0, 580.65.06"
echo "NVIDIA A100-SXM4-40GB, 40960, 8.0, 580.65.06"
"""


def plan_of(config: TrainConfig) -> MemoryPlan:
    size = ModelSize.of(known_settings(str(config.model.path)) or {})
    return training_memory(config, size, size if config.algorithm.critic else None)


def test_gpus_are_counted_and_told_apart() -> None:
    assert wrong(check_gpus(run_on_gpus(), machine(8))).keys() <= {"CUDA"}
    few = wrong(check_gpus(run_on_gpus(), machine(2)))["GPUs"]
    assert (few.status, few.value, few.need) == (Status.ERROR, "2: NVIDIA H100 80GB HBM3", "8")
    assert "cluster.gpus_per_node" in few.fix
    none = wrong(check_gpus(run_on_gpus(), machine(0)))["GPUs"]
    assert (none.value, "preset for CPU" in none.fix) == ("none", True)
    old = replace(H100, name="Tesla T4", capability=7.5)
    assert "7.5" in wrong(check_gpus(run_on_gpus(1), machine(1, old)))["GPUs"].value
    assert list(check_gpus(run_on_cpu(), machine(0))) == []


def test_a_torch_for_cpus_is_no_torch_for_gpus() -> None:
    import torch

    assert torch.version.cuda is None
    cuda = wrong(check_gpus(run_on_gpus(), machine(8)))["CUDA"]
    assert (cuda.status, torch.__version__ in cuda.value) == (Status.ERROR, True)


def test_seven_billion_parameters_on_eight_gpus_fit() -> None:
    config = run_on_gpus()
    assert wrong(check_gpu_memory(config, plan_of(config), machine(8))) == {}


def test_on_one_gpu_they_do_not_and_what_helps_is_told() -> None:
    config = run_on_gpus(1)
    found = list(check_gpu_memory(config, plan_of(config), machine(1)))
    update, rollout = found[:2]
    assert (update.status, rollout.status) == (Status.ERROR, Status.ERROR)
    assert (update.value, "weights 28.4 GiB" in update.need) == ("80.0 GiB", True)
    assert "cluster.gpus_per_node" in update.fix
    assert "optimiser.tokens_per_gpu below 16384" in update.fix
    assert "optimiser.offload=true" in rollout.fix


@pytest.mark.parametrize("share", [0.85, 0.9])
def test_the_share_that_is_advised_fits(share: float) -> None:
    config = run_on_gpus(rollout={"memory_share": share})
    wanted = wrong(check_gpu_memory(config, plan_of(config), machine(8)))["GPU memory"]
    advised = float(wanted.fix.partition("rollout.memory_share=")[2].partition(",")[0])
    assert 0.5 < advised < share
    better = run_on_gpus(rollout={"memory_share": advised})
    assert wrong(check_gpu_memory(better, plan_of(better), machine(8))) == {}


@pytest.mark.parametrize(("share", "status"), [(0.18, Status.ERROR), (0.21, Status.WARNING)])
def test_an_engine_needs_room_for_episodes(share: float, status: Status) -> None:
    config = run_on_gpus(rollout={"memory_share": share})
    cache = wrong(check_gpu_memory(config, plan_of(config), machine(8)))["KV cache"]
    assert cache.status is status
    assert "rollout.memory_share" in cache.fix


def test_an_engine_elsewhere_takes_nothing_here() -> None:
    config = run_on_gpus(rollout={"engine": "sglang_http", "urls": ["http://127.0.0.1:1"]})
    (update,) = check_gpu_memory(config, plan_of(config), machine(8))
    assert update.status is Status.OK


def test_memory_is_told_where_there_is_no_gpu_and_unknown_without_a_model() -> None:
    config = run_on_gpus()
    (planned,) = check_gpu_memory(config, plan_of(config), machine(0))
    assert "update " in planned.need
    assert wrong(check_gpu_memory(config, None, machine(8)))["GPU memory"].status is Status.WARNING
    assert list(check_gpu_memory(run_on_cpu(), None, machine(0))) == []


def test_a_large_machine_has_everything(tmp_path: Path) -> None:
    config = run_on_gpus(optimiser={"keep": 1})
    found = {finding.check for finding in check_host(config, None, machine(), tmp_path)}
    assert found == {"cores", "shared memory", "open files"}
    assert wrong(check_host(config, None, machine(), tmp_path)) == {}
    assert "memory" not in wrong(check_host(config, plan_of(config), machine(), tmp_path))


@pytest.mark.parametrize(
    ("changes", "check", "status", "told"),
    [
        ({"memory": 60 * GIB, "free_memory": 50 * GIB}, "memory", Status.ERROR, "a machine with more"),
        ({"free_memory": 50 * GIB}, "memory", Status.WARNING, "end what else runs here"),
        ({"cores": 16}, "cores", Status.ERROR, "wait for ever"),
        ({"cores": 26}, "cores", Status.WARNING, "lower kernels"),
        ({"shared_memory": 64 * MIB}, "shared memory", Status.ERROR, "--shm-size"),
        ({"open_files": 1024}, "open files", Status.WARNING, "ulimit -n 2048"),
    ],
)
def test_what_a_machine_lacks_is_told_with_what_to_do(
    tmp_path: Path, changes: dict[str, Any], check: str, status: Status, told: str
) -> None:
    config = run_on_gpus()
    finding = wrong(check_host(config, plan_of(config), machine(**changes), tmp_path))[check]
    assert finding.status is status
    assert told in finding.fix


def test_checkpoints_need_a_disk(tmp_path: Path) -> None:
    config = run_on_gpus(optimiser={"keep": 10_000})
    runs = tmp_path / "not" / "yet"
    disk = wrong(check_host(config, plan_of(config), machine(), runs))["disk"]
    assert (disk.status, "10001 checkpoints of 113.5 GiB" in disk.need) == (Status.ERROR, True)


def test_this_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia-smi").write_text(NVIDIA_SMI)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    here = Machine.this()
    assert here.gpus == (Gpu("NVIDIA A100-SXM4-40GB", 40 * GIB, 8.0, "580.65.06"),) * 2
    assert 0 < here.free_memory <= here.memory
    assert here.cores >= 1
    assert here.open_files > 0
    for visible, count in (("1", 1), ("", 0), ("GPU-5a,GPU-7b", 2), ("0,7", 1)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert len(Machine.this().gpus) == count


def test_a_machine_without_the_tool_has_no_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Machine.this().gpus == ()
