"""A synthesis that was cut off goes on where it was: nothing is asked twice, and the result is the same."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from replgym.agents.synthesis.stage_log import StageLog
from replgym.agents.usage_error import UsageError

from .scripted_author import PROBLEMS, Author
from .test_synthesize_command import features, lines, synthesize

FILES = ("tasks.jsonl", "sft.jsonl", "evidence.jsonl", "rejected.jsonl")


@pytest.fixture
def author() -> Iterator[Author]:
    author = Author()
    with author.server.serving():
        yield author


def contents(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in FILES]


def test_budget_and_resume(author: Author, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--features", features(tmp_path, list(PROBLEMS))]
    assert synthesize(author, tmp_path / "whole", *given) == 0
    whole, requests = contents(tmp_path / "whole"), len(author.server.asked)
    report = json.loads((tmp_path / "whole" / "report.json").read_text())
    assert (report["prompt_tokens"], report["completion_tokens"]) == (100 * requests, 50 * requests)

    cut = tmp_path / "cut"
    # Of 150 tokens each, the tenth request spends the first budget; those in flight may end.
    assert synthesize(author, cut, *given, "--max-tokens-total", 1500, "--concurrency", 2) == 0
    told = capsys.readouterr().out
    assert "--max-tokens-total 1,500 is spent" in told
    assert "--resume goes on" in told
    assert 10 <= len(author.server.asked) - requests <= 11
    assert lines(cut / "tasks.jsonl") == []

    assert synthesize(author, cut, *given) == 2
    assert "add --resume to go on with it" in capsys.readouterr().err

    with (cut / "stages" / "solutions.jsonl").open("ab") as file:
        file.write(b'{"key": "half a li')
    prices = ["--price-in", 1, "--price-out", 2, "--max-cost", 0.004]
    assert synthesize(author, cut, *given, *prices, "--concurrency", 1, "--resume") == 0
    assert json.loads((cut / "report.json").read_text())["cost"] == 0.004  # 20 requests of 0.0002
    assert "--max-cost 0.004 is spent" in capsys.readouterr().out

    assert synthesize(author, cut, *given, "--resume") == 0
    assert len(author.server.asked) == 2 * requests
    assert contents(cut) == whole


def test_stricter_thresholds_ask_nothing_again(author: Author, tmp_path: Path) -> None:
    out, given = tmp_path / "out", ["--features", features(tmp_path, ["sum", "pairs"])]
    assert synthesize(author, out, *given, "--easiest-first") == 0
    assert [row["metadata"]["difficulty"] for row in lines(out / "tasks.jsonl")] == ["easy", "medium"]
    requests = len(author.server.asked)
    assert synthesize(author, out, *given, "--resume", "--min-agreement", 0.8) == 0
    assert len(lines(out / "tasks.jsonl")) == 0
    reasons = {(row["stage"], row["reason"]) for row in lines(out / "rejected.jsonl")}
    assert {("label", "low_agreement"), ("task", "few_tests")} <= reasons
    assert synthesize(author, out, *given, "--resume", "--max-pass-rate", 0.9) == 0
    assert [row["metadata"]["difficulty"] for row in lines(out / "tasks.jsonl")] == ["medium"]
    assert len(author.server.asked) == requests


def test_faults_of_the_endpoint_reject_nothing(
    author: Author, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--features", features(tmp_path, ["sum"])]
    out = tmp_path / "out"
    author.before = lambda number: (500, {"error": {"message": "out of memory"}}) if number > 4 else None
    assert synthesize(author, out, *given) == 3
    assert "1 unfinished: " in (told := capsys.readouterr().out)
    assert "out of memory" in told
    assert lines(out / "rejected.jsonl") == []
    author.before = lambda _: None
    assert synthesize(author, out, *given, "--resume") == 0
    assert len(lines(out / "tasks.jsonl")) == 1


def test_a_broken_endpoint_is_not_asked_on_and_on(
    author: Author, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"feature {number}" for number in range(30)]
    author.before = lambda _: (500, {"error": {"message": "out of memory"}})
    given = ["--features", features(tmp_path, names), "--concurrency", 2]
    assert synthesize(author, tmp_path / "out", *given) == 3
    assert "30 unfinished: 8 faults in a row" in capsys.readouterr().out
    assert len(author.server.asked) <= 10 * 5  # attempts of each request


def test_a_signal_ends_it_in_good_order(author: Author, tmp_path: Path) -> None:
    given = ["--features", features(tmp_path, ["sum", "pairs"])]
    out = tmp_path / "out"

    def before(number: int) -> None:
        if number == 9:
            os.kill(os.getpid(), signal.SIGINT)

    author.before = before
    assert synthesize(author, out, *given) == 130
    assert json.loads((out / "report.json").read_text())["stopped"] == "stopped by a signal"
    asked = len(author.server.asked)
    assert asked < 2 * (2 + 5 + 2 + 4)
    author.before = lambda _: None
    assert synthesize(author, out, *given, "--resume") == 0
    assert len(author.server.asked) == 2 * (2 + 5 + 2 + 4)
    assert len(lines(out / "tasks.jsonl")) == 2


def test_a_log_belongs_to_one_run(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with StageLog(path) as log:
        log.add("a", {"n": 1})
        log.add("b", "half 😀 \n")
        log.add("a", {"n": 2})
        with pytest.raises(UsageError, match="another run writes to it"):
            StageLog(path)
    with path.open("ab") as file:
        file.write(b'{"key": "c"')
    with StageLog(path) as log:
        assert (len(log), "b" in log, "c" in log) == (2, True, False)
        assert [log.find(name) for name in "abc"] == [{"n": 2}, "half 😀 \n", None]
        assert list(log.values()) == [{"n": 2}, "half 😀 \n"]
        log.add("c", [])
        assert log.find("c") == []
    path.write_text("no log\n")
    with pytest.raises(UsageError, match="is no log of a stage"):
        StageLog(path)
