"""`replgym data sft` writes what can be learned from, and says what it set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet
import pytest

from replgym.cli import main

GOOD = {"query": "Print 2.", "response": "<think>Easy.</think>\n```python\nprint(2)\n```"}


def test_file_for_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "verified_90k.jsonl", tmp_path / "new" / "sft.parquet"
    rows = [GOOD, {"query": "?"}, GOOD | {"response": "No program."}]
    source.write_text("\n".join(map(json.dumps, rows)))
    options = ["--path", str(tmp_path), "--subset", "verified", "--no-reasoning", "--one-program"]
    assert main(["data", "sft", "xcoder", "--output", str(out), "--system", "Be brief.", *options]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 conversations" in told
    assert told.endswith("1 rows left out, 1 bad rows")
    (row,) = pyarrow.parquet.read_table(out).to_pylist()
    assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
    assert row["messages"][2]["content"] == "```python\nprint(2)\n```"
    aside = (out.parent / "sft.bad_rows.jsonl").read_text().splitlines()
    assert [json.loads(line)["field"] for line in aside] == ["response", "response"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "sft.csv"], "it must end in .parquet or .jsonl"),
        (["--output", "sft.jsonl", "--subset", "best"], "invalid choice: 'best'"),
        (["--output", "sft.jsonl", "--path", "."], "has no file of split 'hybrid'"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "sft", "xcoder", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
