import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main

BAD_INPUT = [
    (["eval", "humanevil", "--policy", "reference"], ["'humanevil'", "humaneval"]),
    (["eval", "humaneval", "--action-format", "yaml", "--policy", "reference"], ["'yaml'", "fenced"]),
    (
        ["eval", "humaneval", "--tool-choice", "required", "--policy", "reference"],
        ["--tool-choice 'required'", "--action-format native"],
    ),
    (["eval", "humaneval", "--backend", "cloud", "--policy", "reference"], ["'cloud'", "jupyter"]),
    (["eval", "humaneval", "--policy", "oracle"], ["'oracle'", "reference"]),
    (["eval", "humaneval", "--policy", "openai", "--base-url", "http://x"], ["--model"]),
    (["eval", "humaneval", "--policy", "openai", "--model", "m"], ["--base-url"]),
    (["eval", "humaneval", "--model", "m", "--base-url", "localhost:8000"], ["'localhost:8000'", "http://"]),
    (["eval", "humaneval", "humaneval", "--policy", "reference"], ["'humaneval'", "named twice"]),
    (["eval", "humaneval,realease=v1", "--policy", "reference"], ["'realease'", "no option"]),
    (["eval", "humaneval,v1", "--policy", "reference"], ["'v1'", "KEY=VALUE"]),
    (["eval", "livecodebench:v9", "--policy", "reference"], ["'v9'", "v6"]),
    (["eval", "humaneval", "--policy", "reference", "--mode", "magic"], ["'magic'", "stateless"]),
    (["eval", "humaneval", "--policy", "reference", "--max-cost", "1"], ["--max-cost", "--price-in"]),
    (["eval", "humaneval", "--policy", "reference", "--top-p", "0"], ["--top-p", "above 0"]),
    (["eval", "humaneval", "--policy", "reference", "--inspect"], ["--inspect", "--output"]),
    (["eval", "humaneval", "--extra-body", "[1]"], ["'[1]'", "JSON object"]),
    (["compare", "/no/run", "/no/run"], ["/no/run", "replgym eval"]),
    (["eval", "humaneval", "--policy", "transformers:/no/model"], ["/no/model", "config.json"]),
    (["eval", "humaneval", "--policy", "scripted:/no/file"], ["/no/file", "JSON"]),
    (["eval", "humaneval", "--policy", "reference", "--levels", "1"], ["--levels", "blackbox"]),
    (["eval", "blackbox", "--policy", "expert", "--levels", "9"], ["9", "[1, 2, 3, 4, 5]"]),
    (["eval", "blackbox", "--policy", "expert", "--split", "test"], ["'test'", "heldout"]),
    (["eval", "blackbox", "--policy", "expert", "--action-format", "json"], ["'json'", "fenced"]),
    (["eval", "blackbox", "-n", "0"], ["'0'", "at least 1"]),
    (["eval", "blackbox", "--temperature", "hot"], ["'hot'"]),
    (["eval", "blackbox", "--policy", "expert", "--resume"], ["--output"]),
    (["eval", "blackbox", "--temprature", "1"], ["--temprature", "--temperature"]),
    (["evaluate"], ["'evaluate'", "eval"]),
    (["report", "/no/run"], ["/no/run"]),
    ([], ["COMMAND"]),
]


@pytest.mark.parametrize(("arguments", "told"), BAD_INPUT, ids=[" ".join(case[0]) for case in BAD_INPUT])
def test_bad_input_is_one_line_that_names_value_and_fix(
    arguments, told, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    for text in told:
        assert text in err


def test_reference_on_humaneval_then_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", "humaneval", "--policy", "reference", "--output", str(tmp_path), "-k", "2"]
    assert main([*command, "-n", "3"]) == 0
    told = capsys.readouterr().out
    assert "6/6" in told
    assert "protocols: fenced 6\n" in told
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["solved"], summary["failures"], summary["pass_at_k"]) == (6, {}, {"1": 1.0, "2": 1.0})
    first = {episode.id for episode in read_episodes(tmp_path / "episodes.jsonl")}

    assert main([*command, "-n", "4"]) == 0
    assert "8/8" in capsys.readouterr().out
    ids = [episode.id for episode in read_episodes(tmp_path / "episodes.jsonl")]
    assert len(ids) == len(set(ids)) == 8
    assert first < set(ids)


def no_tool(script: Path, out: Path) -> list[str]:
    mode = ["--mode", "no-tool", "--output", str(out)]
    return ["eval", "blackbox", "--policy", f"scripted:{script}", *mode]


def test_without_the_interpreter_a_script_can_only_submit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["```python\nf(0)\n```"] * 8))
    out = tmp_path / "out"
    command = [*no_tool(script, out), "-n", "2"]
    assert main([*command, "--levels", "1"]) == 0
    assert "0/2" in capsys.readouterr().out
    assert all(turn.host_calls == 0 for e in read_episodes(out / "episodes.jsonl") for turn in e.turns)


def test_a_script_that_ends_too_soon_is_no_fault_of_an_endpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, out = tmp_path / "script.json", tmp_path / "out"
    script.write_text(json.dumps(["```python\nx = 1\n```"]))
    command = no_tool(script, out)
    assert main([*command, "-n", "2"]) == 1
    assert "2 of 2 episodes failed (2 policy)" in capsys.readouterr().err
    assert main([*command, "-n", "60", "--concurrency", "1"]) == 1
    assert "the script has 1 messages, but turn 2 was asked for" in capsys.readouterr().err
    assert "attempts failed" in json.loads((out / "summary.json").read_text())["stopped"]


def test_ctrl_c_stops_cleanly_and_keeps_what_was_played(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "replgym.cli", "eval", "blackbox", "--policy", "expert", "-n", "2000"]
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    log = tmp_path / "episodes.jsonl"
    try:
        deadline = time.monotonic() + 60
        while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert err == "replgym: stopped\n"
    played = list(read_episodes(log))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["episodes"], summary["stopped"]) == (len(played), "stopped by SIGINT")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
def test_ten_problems_against_a_real_endpoint(
    smollm_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", "humaneval", "--policy", "openai", "--model", "smollm2", "--base-url", smollm_url]
    limits = ["-n", "10", "--max-turns", "1", "--max-tokens", "16", "--concurrency", "2"]
    assert main([*command, *limits, "--output", str(tmp_path)]) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["episodes"], summary["scored"], summary["failures"]) == (10, 10, {})


def test_a_reader_that_has_enough_is_no_fault() -> None:
    command = [sys.executable, "-m", "replgym.cli", "train", "--list"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), told) == (141, b"")
