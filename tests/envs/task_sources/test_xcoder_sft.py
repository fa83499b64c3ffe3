"""X-Coder's SFT rows become conversations, and these become files for trainers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from replgym.envs.task_sources.bad_row import BadRow
from replgym.envs.task_sources.conversation import Conversation, write_conversations
from replgym.envs.task_sources.reader import SourceError
from replgym.envs.task_sources.xcoder_sft import XCoderSubset, xcoder_conversations

from . import rows


def conversations(path: Path, **options: object) -> list[Conversation]:
    found = list(xcoder_conversations(path, **options))  # type: ignore[arg-type]
    assert all(isinstance(item, Conversation) for item in found)
    return [item for item in found if isinstance(item, Conversation)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hybrid_376k-00000.jsonl"
    path.write_text(json.dumps(rows.xcoder_sft()) + "\n")
    return path


def test_conversation(file: Path) -> None:
    (found,) = conversations(file)
    assert [message.role for message in found.messages] == ["user", "assistant"]
    assert found.messages[1].content == rows.xcoder_sft()["response"]
    assert found.tags == ("hybrid", "reasoning")


def test_reasoning_can_go_and_a_system_message_come(file: Path) -> None:
    (found,) = conversations(file, reasoning=False, system="Be brief.", one_program=True)
    assert [message.role for message in found.messages] == ["system", "user", "assistant"]
    assert "<think>" not in found.messages[2].content
    assert found.messages[2].content.startswith("Here it is:")


def test_subsets_have_their_own_files(file: Path) -> None:
    names = ("unique_prompt_202k", "verified_90k", "multiple_solution_90k")
    for number, name in enumerate(names):
        row = rows.xcoder_sft() | {"query": f"Question {number}"}
        (file.parent / f"{name}.jsonl").write_text(json.dumps(row))
    found = {subset: conversations(file.parent, subset=subset)[0] for subset in XCoderSubset}
    assert [each.messages[0].content for each in found.values()] == [
        "Add two numbers.",
        "Question 0",
        "Question 1",
        "Question 2",
    ]
    with pytest.raises(SourceError, match="hybrid, unique-prompt, verified, multiple-solution"):
        conversations(file, subset="best")


@pytest.mark.parametrize(
    ("change", "field", "left_out"),
    [
        ({"query": ""}, "query", False),
        ({"response": None}, "response", False),
        ({"response": "<think>\nno end"}, "response", False),
        ({"response": "<think>all thought</think>\n"}, "response", False),
        ({"response": "no program"}, "response", True),
        ({"response": "```python\nx = (\n```"}, "response", True),
        ({"response": "```python\nx = 1\n```\n```python\nx = 2\n```"}, "response", True),
    ],
)
def test_unusable_rows(file: Path, change: rows.Row, field: str, left_out: bool) -> None:
    lines = [rows.xcoder_sft() | change, rows.xcoder_sft()]
    file.write_text("\n".join(map(json.dumps, lines)))
    bad, good = xcoder_conversations(file, one_program=True)
    assert isinstance(bad, BadRow)
    assert (bad.row, bad.field, bad.left_out) == (1, field, left_out)
    assert isinstance(good, Conversation)


@pytest.mark.parametrize("name", ["sft.parquet", "sft.jsonl"])
def test_files_for_trainers(file: Path, tmp_path: Path, name: str) -> None:
    written = conversations(file)
    assert write_conversations(written * 70, tmp_path / name) == 70
    if name.endswith(".parquet"):
        read = pyarrow.parquet.read_table(tmp_path / name).to_pylist()
    else:
        read = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
    assert len(read) == 70
    assert Conversation.model_validate(read[0]) == written[0]
    assert {path.name for path in tmp_path.iterdir()} == {name, file.name}


@pytest.mark.parametrize("name", ["sft.parquet", "sft.jsonl"])
def test_broken_source_leaves_no_half_file(file: Path, tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[Conversation]:
        yield from conversations(file) * 100
        raise OSError("the disk is gone")

    (tmp_path / name).write_bytes(b"what was there before")
    with pytest.raises(OSError, match="the disk is gone"):
        write_conversations(broken(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"what was there before"
    assert {path.name for path in tmp_path.iterdir()} == {name, file.name}


def test_other_suffix(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.parquet or \.jsonl"):
        write_conversations([], tmp_path / "sft.csv")
