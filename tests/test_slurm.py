"""The job for SLURM, on a cluster whose commands are stand-ins that write down how they were called."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "slurm_train.sh"
COMMANDS = {
    "scontrol": '[[ "$*" == "show hostnames node[1-2]" ]] && printf "node1\\nnode2\\n"',
    "hostname": 'echo "10.0.0.1 172.17.0.1"',
    "srun": """
      options=()
      while [[ $1 == --* ]]; do options+=("$1"); shift; done
      echo "srun ${options[*]}" >>"$CALLS"
      exec "$@" """,
    "ray": 'echo "ray $*" >>"$CALLS"',
    "python": "grep -c '^ray start' \"$CALLS\"",
    "replgym": """
      echo "replgym $* at $RAY_ADDRESS" >>"$CALLS"
      trap 'echo stopped >>"$CALLS"; exit 143' TERM
      for _ in $(seq "${RUN_TENTHS:-0}"); do sleep 0.1; done
      exit 7""",
}
RAY = "ray start --block --num-cpus=96 --num-gpus=8"
RUN = "--config multiturn_qwen25_coder_7b_2node name=two"
TRAIN = f"{RUN} cluster.nodes=2 cluster.gpus_per_node=8 cluster.ray_address=auto at 10.0.0.1:20042"


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """The environment of a job on two nodes."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, body in COMMANDS.items():
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
        (programs / name).chmod(0o755)
    (tmp_path / "calls").write_text("")
    return os.environ | {
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_JOB_ID": "30042",
        "SLURM_CPUS_ON_NODE": "96",
        "SLURM_GPUS_ON_NODE": "8",
        "CALLS": str(tmp_path / "calls"),
    }


def calls(job: dict[str, str]) -> list[str]:
    return Path(job["CALLS"]).read_text().splitlines()


def test_ray_starts_on_all_nodes_before_the_run_on_the_first(job: dict[str, str]) -> None:
    ended = subprocess.run(["bash", str(SCRIPT), *RUN.split()], env=job, timeout=60, check=False)
    assert ended.returncode == 7
    assert calls(job) == [
        "srun --overlap --nodes=1 --ntasks=1 --nodelist=node1",
        f"{RAY} --head --node-ip-address=10.0.0.1 --port=20042",
        "srun --overlap --nodes=1 --ntasks=1 --exclude=node1",
        f"{RAY} --address=10.0.0.1:20042",
        f"replgym train {TRAIN}",
    ]


def test_a_job_that_is_requeued_goes_on(job: dict[str, str]) -> None:
    again = job | {"SLURM_RESTART_COUNT": "1"}
    subprocess.run(["bash", str(SCRIPT), *RUN.split()], env=again, timeout=60, check=False)
    assert calls(job)[-1] == f"replgym train --resume {TRAIN}"


def test_the_signal_before_the_end_stops_the_run_cleanly(job: dict[str, str]) -> None:
    slow = job | {"RUN_TENTHS": "600"}
    with subprocess.Popen(["bash", str(SCRIPT), *RUN.split()], env=slow) as process:
        while not any(call.startswith("replgym") for call in calls(job)):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    assert calls(job)[-1] == "stopped"


def test_it_is_for_sbatch() -> None:
    alone = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    ended = subprocess.run(["bash", str(SCRIPT)], env=alone, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "submit this script with sbatch" in ended.stderr
