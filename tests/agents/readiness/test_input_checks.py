"""Versions, models, tasks, interpreters, servers: what a run is given."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replgym.agents.tiny_model import TinyModelConfig
from replgym.agents.training.readiness.data import check_data
from replgym.agents.training.readiness.engine_servers import check_engine_servers
from replgym.agents.training.readiness.interpreters import check_interpreters
from replgym.agents.training.readiness.versions import check_versions
from replgym.agents.verl_runs.readiness.finding import Status
from replgym.agents.verl_runs.readiness.model import find_model
from replgym.cli import main
from replgym.envs.env_config import EnvConfig

from .machines import run_on_cpu, run_on_gpus, write_model, wrong

PROBLEM = {
    "id": "double",
    "format": "function_completion",
    "prompt": "def double(x):\n",
    "entry_point": "double",
    "tests": "def check(candidate):\n    assert candidate(1) == 2",
}
SDPA = {"+actor_rollout_ref.model.override_config.attn_implementation": "sdpa"}


def test_versions_here_are_right_for_cpu() -> None:
    found = list(check_versions(run_on_cpu()))
    assert [finding.check for finding in found] == ["verl", "torch", "transformers", "ray", "TransferQueue"]
    assert wrong(found) == {}


def test_an_engine_inside_verl_must_be_the_one_that_verl_names() -> None:
    found = wrong(check_versions(run_on_gpus()))
    assert (found["sglang"].status, found["sglang"].need) == (Status.ERROR, "==0.5.12")
    assert found["torch"].status is Status.WARNING
    assert "2.11.0" in found["torch"].need
    http = run_on_gpus(rollout={"engine": "sglang_http", "urls": ["http://127.0.0.1:1"]})
    assert wrong(check_versions(http)).keys() == {"flash-attn"}


def test_flash_attention_is_needed_unless_another_is_chosen() -> None:
    assert "nvcc" in wrong(check_versions(run_on_gpus()))["flash-attn"].fix
    assert "flash-attn" not in wrong(check_versions(run_on_gpus(verl=SDPA)))
    critic = {"estimator": "gae", "critic": {"learning_rate": 1e-5}}
    assert "flash-attn" in wrong(check_versions(run_on_gpus(verl=SDPA, algorithm=critic)))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ((), "config.json cannot be read"),
        (("config.json",), "holds no weights"),
        (("config.json", "model.safetensors"), "holds no tokenizer"),
    ],
)
def test_a_folder_must_hold_a_whole_model(tmp_path: Path, files: tuple[str, ...], told: str) -> None:
    folder = write_model(tmp_path / "model", *files)
    found = find_model("model", "model.path", str(folder), TinyModelConfig())
    assert found.finding.status is Status.ERROR
    assert told in found.finding.value


def test_a_whole_model_is_found_with_its_settings(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", "config.json", "model-00001-of-2.safetensors", "tokenizer.json")
    (folder / "config.json").write_text('{"model_type": "qwen2"}')
    found = find_model("model", "model.path", str(folder), TinyModelConfig())
    assert (found.finding.status, found.settings) == (Status.OK, {"model_type": "qwen2"})


def test_a_model_that_is_nowhere_is_told_with_the_fix() -> None:
    lost = find_model("model", "model.path", "./none", TinyModelConfig()).finding
    assert (lost.status, lost.value) == (Status.ERROR, "there is no folder none")
    assert "model.path=FOLDER" in lost.fix
    far = find_model("model", "model.path", "replgym-has-none/such-model", TinyModelConfig())
    assert far.finding.status is Status.ERROR
    assert "hf download replgym-has-none/such-model --local-dir MODEL" in far.finding.fix
    assert far.settings is None


def test_the_size_of_a_known_model_needs_no_hub() -> None:
    found = find_model("model", "model.path", "Qwen/Qwen2.5-Coder-7B-Instruct", TinyModelConfig())
    assert found.settings is not None
    assert found.settings["hidden_size"] == 3584


def write_problems(folder: Path, *splits: str) -> Path:
    folder.mkdir()
    for split in splits:
        (folder / f"{split}.jsonl").write_text(json.dumps(PROBLEM) + "\n")
    return folder


def test_tasks_that_are_generated_or_prepared_are_fine(tmp_path: Path) -> None:
    assert wrong(check_data(run_on_cpu())) == {}
    problems = write_problems(tmp_path / "problems", "train")
    assert main(["data", "prepare", str(problems / "train.jsonl"), "--output", str(tmp_path / "rows")]) == 0
    tasks = run_on_cpu(tasks={"task_set": "tasks", "path": str(tmp_path / "rows"), "split": "train"})
    assert wrong(check_data(tasks)) == {}


def test_tasks_that_are_missing_are_told_with_the_command_that_makes_them(tmp_path: Path) -> None:
    place = tmp_path / "none"
    tasks = run_on_cpu(tasks={"task_set": "tasks", "path": str(place), "split": "train"})
    missing = wrong(check_data(tasks))["tasks"]
    assert missing.value == f"there is nothing at {place}"
    assert missing.fix.startswith(f"replgym data prepare SET --output {place}")
    recipe = run_on_gpus(name="verlcoder", tasks={"task_set": "tasks", "path": str(place), "split": "train"})
    fix = wrong(check_data(recipe))["tasks"].fix
    assert fix == f"replgym data prepare leetcode:train --test leetcode:test --output {place}"
    kodcode = run_on_cpu(tasks={"task_set": "kodcode", "path": str(place)})
    fix = wrong(check_data(kodcode))["tasks"].fix
    assert fix.startswith(f"replgym data prepare kodcode={place} --output DATA")


def test_a_split_that_is_missing_is_told(tmp_path: Path) -> None:
    folder = write_problems(tmp_path / "problems", "train")
    tasks = run_on_cpu(
        tasks={"task_set": "tasks", "path": str(folder), "split": "train", "heldout_split": "test"}
    )
    found = wrong(check_data(tasks))
    assert found.keys() == {"held-out tasks"}
    assert "tasks.heldout_split" in found["held-out tasks"].fix


def test_rows_without_tests_are_told_by_their_field(tmp_path: Path) -> None:
    pq.write_table(pa.table({"question": ["1 + 1?"], "answer": ["2"]}), tmp_path / "train.parquet")
    tasks = run_on_cpu(tasks={"task_set": "tasks", "path": str(tmp_path), "split": "train"})
    found = wrong(check_data(tasks))["tasks"]
    assert found.status is Status.ERROR
    assert "train.parquet, row 1: tests" in found.value
    assert "replgym data prepare" in found.fix


def test_an_interpreter_starts_or_says_why_not() -> None:
    assert check_interpreters(EnvConfig(backend="fork")).status is Status.OK
    assert check_interpreters(EnvConfig(tools=("submit",))).status is Status.OK
    image = {"docker": {"image": "replgym-no-such-image"}}
    lost = check_interpreters(EnvConfig(backend="docker", backend_options=image))
    assert lost.status is Status.ERROR
    assert lost.value.startswith("backend docker: ")


class _SGLang(BaseHTTPRequestHandler):
    """Says which model it serves."""

    def do_GET(self) -> None:
        known = self.path == "/get_model_info"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"model_path": "Qwen/Qwen2.5-Coder-7B-Instruct"}).encode())

    def log_message(self, *_: object) -> None:
        """Is silent."""


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), _SGLang)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_engine_servers_are_asked_for_their_model(server: str) -> None:
    fine = run_on_gpus(rollout={"engine": "sglang_http", "urls": [f"{server}/"]})
    assert wrong(check_engine_servers(fine)) == {}
    other = run_on_gpus(rollout={"engine": "sglang_http", "urls": [server]}, model={"path": "Qwen/Qwen3-8B"})
    assert wrong(check_engine_servers(other))["engine server"].status is Status.WARNING
    lost = run_on_gpus(rollout={"engine": "sglang_http", "urls": ["http://127.0.0.1:9"]})
    found = wrong(check_engine_servers(lost))["engine server"]
    assert (found.status, "http://127.0.0.1:9" in found.value) == (Status.ERROR, True)
    assert list(check_engine_servers(run_on_gpus())) == []
