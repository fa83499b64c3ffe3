"""Rejection sampling: which episodes are learnt from, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.agents.sft.episode_choice import ChoiceRules, Keep, choose
from replgym.agents.sft.episode_conversation import conversations_of
from replgym.agents.sft.swift_rows import swift_row
from replgym.cli import main
from replgym.envs.task_sources.conversation import Conversation
from replgym.envs.task_sources.conversation_reader import read_conversations
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

from ..adapters.scripted_endpoint import Body, ScriptedEndpoint, turn_of

TASK, OTHER = "blackbox/1", "blackbox/2"


def episode(name: str, task: str = TASK, *, solved: bool = True, **fields: Any) -> Episode:
    outcome = Outcome.PASSED if solved else Outcome.WRONG_ANSWER
    said = fields.pop("said", [name])
    return Episode.model_validate(
        {
            "id": name,
            "task_id": task,
            "policy": "teacher",
            "messages": [{"role": "user", "content": "go"}],
            "action_format": "fenced",
            "turns": [{"action": text, "observation": "1"} for text in said],
            "verdict": Verdict((TestOutcome("t", outcome),)),
            "reward": float(solved),
            "stop": "submitted",
            **fields,
        }
    )


def logged(folder: Path, episodes: Sequence[Episode]) -> Path:
    with EpisodeLog(folder / "episodes.jsonl") as log:
        for each in episodes:
            log.append(each)
    return folder / "episodes.jsonl"


LOG = [
    episode("long", sample=0, said=["a", "b", "c"]),
    episode("short", sample=1, said=["b", "c"]),
    episode("same", sample=2, said=["b", "c"]),
    episode("wrong", sample=3, solved=False, reward=0.4),
    episode("broken", sample=4, failure="kernel", failure_message="gone", reward=None),
    episode("better", OTHER, sample=1, reward=1.5, said=["a", "b", "c", "d"]),
    episode("first", OTHER, sample=0, said=["a"]),
]


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        (ChoiceRules(), {"short", "better"}),
        (ChoiceRules(Keep.FIRST), {"long", "first"}),
        (ChoiceRules(Keep.ALL), {"long", "short", "better", "first"}),
        (ChoiceRules(Keep.BEST, most=2), {"long", "short", "better", "first"}),
        (ChoiceRules(Keep.ALL, threshold=0.4), {"long", "short", "wrong", "better", "first"}),
        (ChoiceRules(threshold=1.2), {"better"}),
    ],
)
def test_what_is_good_enough_and_how_many(rules: ChoiceRules, chosen: set[str], tmp_path: Path) -> None:
    choice = choose([logged(tmp_path, LOG)], rules)
    assert choice.chosen == chosen
    assert {each.id for each in choice.episodes()} == chosen
    assert sum(choice.counts.values()) == len(LOG)
    assert (choice.counts["failed"], choice.counts.get("equal", 0)) == (1, int(rules.threshold != 1.2))


def test_episodes_with_faults_can_be_left_out(tmp_path: Path) -> None:
    fault = {"action": "?", "observation": "no call", "parse_error": "no call", "void": True}
    good = {"action": "x", "observation": ""}
    log = logged(tmp_path, [episode("faulty", turns=[fault, good]), episode("clean", OTHER)])
    assert choose([log], ChoiceRules()).chosen == {"faulty", "clean"}
    choice = choose([log], ChoiceRules(no_faults=True))
    assert (choice.chosen, choice.counts["with faults"]) == ({"clean"}, 1)


def test_an_episode_that_cannot_be_learnt_is_set_aside(tmp_path: Path) -> None:
    log = logged(
        tmp_path,
        [episode("old", action_format=""), episode("empty", OTHER, messages=[]), episode("good", "third")],
    )
    made = list(conversations_of(choose([log], ChoiceRules())))
    assert [getattr(each, "field", "") for each in made] == ["action_format", "messages", ""]
    assert isinstance(next(conversations_of(choose([log], ChoiceRules()), "fenced")), Conversation)


def test_a_log_becomes_a_file_and_mistakes_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, out = logged(tmp_path, LOG), tmp_path / "new" / "c.parquet"
    assert main(["data", "sft", "episodes", str(tmp_path), "--output", str(out), "--min-reward", "0.4"]) == 0
    told = capsys.readouterr().out
    assert "Written: 2 conversations" in told
    assert "Left out: 1 equal, 1 failed, 3 too many" in told
    read = [each for each in read_conversations([out]) if isinstance(each, Conversation)]
    assert [message.role for message in read[0].messages] == ["user", "assistant", "user", "assistant"]
    assert read[0].messages[2].content == "```output\n1\n```"
    assert read[0].tags == ("teacher", "fenced", "solved")
    for arguments, message in (
        (["episodes", str(log), "--output", "c.txt"], "it must end in .parquet or .jsonl"),
        (["episodes", "nothing", "--output", "c.jsonl"], "nothing is not there; name a log of episodes"),
        (["play", "blackbox", "--policy", "teacher", "--output", str(out)], "unknown policy 'teacher'"),
        (["swift", str(out), "--output", "c.parquet"], "ms-swift reads .jsonl"),
    ):
        assert main(["data", "sft", *arguments]) == 2
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1


def call(identity: str, name: str, **arguments: str) -> Body:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": identity, "type": "function", "function": function}


def teacher(body: Body) -> Body:
    """Solves tasks of level 1 in its second sample of each, and asks the function twice in one message."""
    if turn_of(body) == 0:
        codes = ("b = f(0)\nprint(b)", "a = f(1) - b\nprint(a)")
        calls = [call(f"c{n}", "python_interpreter", code=code) for n, code in enumerate(codes)]
        return {"content": "Two points.", "tool_calls": calls}
    b, a = (int(message["content"]) for message in body["messages"] if message["role"] == "tool")
    right = b if body.get("seed", 0) % 2 else b + 1
    return {"tool_calls": [call("s", "submit", source=f"def solution(x): return {a} * x + {right}")]}


def test_a_teacher_behind_an_endpoint_is_sampled_and_its_good_episodes_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "teacher.parquet"
    with ScriptedEndpoint(teacher).serving() as endpoint:
        options = ["--policy", "openai", "--model", "m", "--base-url", endpoint.url, "--levels", "1"]
        options += ["--action-format", "native", "-n", "4", "-k", "4", "--temperature", "1"]
        command = ["data", "sft", "play", "blackbox", *options, "--output", str(out), "--keep", "all"]
        assert main(command) == 0
        asked = len(endpoint.asked)
        assert main(command) == 0  # all of it is in the folder beside the file
        assert len(endpoint.asked) == asked
    read = [each for each in read_conversations([out]) if isinstance(each, Conversation)]
    played = list(read_episodes(tmp_path / "teacher.episodes" / "episodes.jsonl"))
    good = [each for each in played if each.solved]
    assert (len(played), {each.failure for each in played}) == (16, {None})
    assert 0 < len(good) < len(played)
    assert 0 < len(read) <= len(good)
    for each in read:
        assert [message.role for message in each.messages] == [
            *("system", "user", "assistant", "tool", "tool", "assistant")
        ]
        assert each.messages[2].content.startswith('Two points.\n<tool_call>\n{"name": "python_interpreter"')
        assert [schema["function"]["name"] for schema in each.tool_schemas] == [
            "python_interpreter",
            "submit",
        ]
    lines = tmp_path / "swift.jsonl"
    assert main(["data", "sft", "swift", str(out), "--output", str(lines)]) == 0
    assert [json.loads(line) for line in lines.read_text().splitlines()] == [swift_row(each) for each in read]
    row = swift_row(read[0])
    roles = [message["role"] for message in row["messages"][3:]]
    assert roles == ["tool_call", "tool_call", "tool_response", "tool_response", "tool_call"]
    assert json.loads(row["messages"][3]["content"])["arguments"]["code"] == "b = f(0)\nprint(b)"
    assert json.loads(row["tools"])[0]["type"] == "function"
    capsys.readouterr()


def test_chats_of_others_become_conversations(tmp_path: Path) -> None:
    calls = [call("c", "f", x="1"), {"function": {"name": "g", "arguments": {"y": 2}}}]
    rows: list[Any] = [
        {
            "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "content": "1", "tool_call_id": "c"},
                {"role": "assistant", "content": "done"},
            ],
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "extra": 1,
        },
        {"messages": [{"role": "user", "content": "go"}]},
        {"messages": [{"role": "user", "content": "go"}, {"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": "go"}, "x"]},
        {"messages": [{"role": "user", "content": "go"}, {"role": "user", "content": "on"}]},
        {"messages": "go"},
    ]
    path = tmp_path / "chats.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{")
    good, *bad = read_conversations([path])
    assert isinstance(good, Conversation)
    assert (good.id, good.source) == ("chats/1", "chats")
    assert good.messages[1].content == (
        '<tool_call>\n{"name": "f", "arguments": {"x": "1"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "g", "arguments": {"y": 2}}\n</tool_call>'
    )
    assert good.tool_schemas[0]["function"]["name"] == "f"
    assert [each.field for each in bad if not isinstance(each, Conversation)] == [
        *("messages", "messages.1.role", "messages", "messages", "messages", "row")
    ]
