"""Runs that are stopped or killed from outside: nothing is lost, nothing counts twice, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode_history import last_attempts
from replgym.agents.rollouts.episode_key import EpisodeKey
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main
from replgym.kernels.process_tree import descendants

ROOT = Path(__file__).parents[2]
COUNT = 60
SECONDS = 120.0


@contextmanager
def running(output: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`replgym eval` in a process group of its own."""
    command = [sys.executable, "-m", "replgym.cli", "eval", "blackbox", "--policy", "expert", "--resume"]
    command += ["-n", str(COUNT), "--concurrency", "4", "--output", str(output), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_lines(log: Path, count: int) -> None:
    end = time.monotonic() + SECONDS
    while not log.exists() or log.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end, "the run makes no progress"
        time.sleep(0.02)


def assert_gone(processes: list[int]) -> None:
    end = time.monotonic() + SECONDS
    left = processes
    while left:
        assert time.monotonic() < end, left
        time.sleep(0.05)
        left = [pid for pid in left if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_run_that_is_killed_and_stopped_again_and_again_counts_everything_once(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    for number, (sent, code) in enumerate(
        [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGKILL, -9), (signal.SIGINT, 130)], start=1
    ):
        with running(tmp_path) as process:
            wait_for_lines(log, 10 * number)
            started = descendants(process.pid)
            process.send_signal(sent)
            _, err = process.communicate(timeout=SECONDS)
        assert process.returncode == code, err
        assert err == ("" if sent == signal.SIGKILL else "replgym: stopped\n")
        if sent != signal.SIGKILL:
            assert json.loads((tmp_path / "summary.json").read_text())["stopped"]
        assert_gone(started)
    with running(tmp_path) as process:
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, err) == (0, "")
    assert f"{COUNT}/{COUNT}" in out
    every = list(read_episodes(log))
    scored = Counter(EpisodeKey.of(episode) for episode in every if episode.failure is None)
    assert len(scored) == scored.total() == COUNT
    assert {e.reward for e in last_attempts(log)} == {1.0}
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["episodes"], summary["solved"], summary["failures"]) == (COUNT, COUNT, {})


def test_a_torn_line_of_a_killed_run_is_played_again(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    with running(tmp_path) as process:
        wait_for_lines(log, 10)
        process.kill()
        process.wait()
    whole = list(read_episodes(log))
    size = log.stat().st_size
    os.truncate(log, size - 7)
    with running(tmp_path, "-n", str(len(whole))) as process:
        _, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, err) == (0, "")
    after = list(read_episodes(log))
    assert after[: len(whole) - 1] == whole[:-1]
    assert len({EpisodeKey.of(e) for e in after}) == len(after)


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    with running(tmp_path, "-n", "2000") as first:
        wait_for_lines(tmp_path / "episodes.jsonl", 1)
        with running(tmp_path) as second:
            out, err = second.communicate(timeout=SECONDS)
        assert (second.returncode, out) == (1, "")
        assert "is being written by another run" in err
        assert err.count("\n") == 1
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=SECONDS)
    assert first.returncode == 143


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["```python\nimport time; time.sleep(600)\n```"] * 9))
    command = [sys.executable, "-m", "replgym.cli", "eval", "blackbox", "--policy", f"scripted:{script}"]
    options = ["--grace", "100000", "-n", "9", "--output", str(tmp_path / "out")]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for_kernels(process.pid)
            process.send_signal(signal.SIGTERM)
            assert process.stdout is not None
            assert "again stops it now" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, err) == (143, "replgym: stopped\n")
    assert list(read_episodes(tmp_path / "out" / "episodes.jsonl")) == []


def wait_for_kernels(pid: int) -> None:
    """Waits until an interpreter runs in the process's tree."""
    end = time.monotonic() + SECONDS
    while not any(_is_kernel(child) for child in descendants(pid)):
        assert time.monotonic() < end, "no interpreter started"
        time.sleep(0.05)


def _is_kernel(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"kernel")
    except OSError:
        return False


@pytest.mark.parametrize(
    ("option", "value"), [("--tries", "0"), ("--grace", "-1"), ("--max-cells", "x"), ("--kernels", "0")]
)
def test_impossible_options_are_named(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "blackbox", option, value]) == 2
    assert option in capsys.readouterr().err
