"""`replgym eval` against a real server of the OpenAI protocol (llama.cpp), and what goes wrong with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode import StopReason
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main
from replgym.envs import TaskSet

from .engine_process import EngineProcess
from .real_servers import RealServers

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engines")]
SHORT = ["-n", "3", "--mode", "no-tool", "--max-turns", "1", "--max-tokens", "16", "--concurrency", "2"]


@pytest.fixture
def server(servers: RealServers) -> EngineProcess:
    return servers.get("openai", "evaluated")


def command(server: EngineProcess, tasks: str, *options: str) -> list[str]:
    return ["eval", tasks, "--model", "reference", "--base-url", f"{server.url}/v1", *SHORT, *options]


def test_from_the_first_episode_to_a_server_that_is_gone(
    server: EngineProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, log = tmp_path / "run", tmp_path / "run" / "episodes.jsonl"
    assert main(command(server, "humaneval", "--output", str(output), "--price-out", "1")) == 0
    summary = json.loads((output / "summary.json").read_text())
    assert (summary["scored"], summary["failures"]) == (3, {})
    assert summary["spending"]["prompt_tokens"] > summary["spending"]["completion_tokens"] > 0
    before = log.read_bytes()

    assert main(command(server, "humaneval", "--output", str(output), "--resume", "--model", "gpt")) == 2
    assert "does not serve model 'gpt'; use --model with one of: reference" in capsys.readouterr().err

    server.kill()
    assert main(command(server, "humaneval", "--output", str(output), "-n", "4")) == 3
    err = capsys.readouterr().err
    assert (
        err == f"replgym: no answer from {server.url}/v1 within 5 s; start the server or correct --base-url\n"
    )
    assert log.read_bytes() == before
    server.start()
    server.wait_until_healthy()
    assert main(command(server, "humaneval", "--output", str(output), "-n", "4")) == 0
    assert log.read_bytes().startswith(before)
    assert len(list(read_episodes(log))) == 4


def test_a_prompt_that_its_context_cannot_hold_is_scored_and_told(
    server: EngineProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = TaskSet.load("humaneval").tasks[0]
    longer = task.model_copy(update={"id": "long", "prompt": "word " * 20_000})
    file = tmp_path / "tasks.jsonl"
    file.write_text(f"{task.model_dump_json()}\n{longer.model_dump_json()}\n")
    assert main(command(server, str(file), "--output", str(tmp_path / "run"))) == 0
    assert "1 episodes ended before their first message" in capsys.readouterr().out
    found = {episode.task_id: episode for episode in read_episodes(tmp_path / "run" / "episodes.jsonl")}
    assert (found["long"].stop, found["long"].failure, found["long"].turns) == (
        StopReason.TOKEN_LIMIT,
        None,
        (),
    )
    assert len(found[task.id].turns) == 1
