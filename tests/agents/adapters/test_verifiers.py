"""The adapter under the real verifiers, in the environment that `scripts/setup_adapters.sh` builds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .adapter_environment import adapter_environment
from .linear_play import CELLS, SETTINGS, WRONG, fenced
from .scripted_endpoint import Body, ScriptedEndpoint, turn_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verifiers")]
ROOT = Path(__file__).parents[3]
SLEEP = "import time\ntime.sleep(600)"


@pytest.fixture(scope="module")
def verifiers_bin() -> Path:
    """The folder of the programs; it is built where it is missing."""
    return adapter_environment("verifiers") / "bin"


def run(command: list[str], **options: Any) -> str:
    """What it printed; it sees no key and no configuration of this machine's user."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def native(name: str, **arguments: str) -> Body:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": "I look.", "tool_calls": [{"id": "call_7", "type": "function", "function": function}]}


def message_for(body: Body) -> Body | None:
    turn = turn_of(body)
    match body["model"]:
        case "native":
            return native("python_interpreter", code=CELLS[turn])
        case "wander":
            cut_off = fenced("print(1)").removesuffix("\n```")  # as an endpoint does that stops there
            return {"content": cut_off if turn else "Let me think."}
        case "limited":
            return {"content": fenced("print(1)")}
        case "sleep":
            return {"content": fenced(SLEEP)}
        case "refused":
            return None if turn else {"content": fenced(CELLS[0])}
    return {"content": fenced(CELLS[turn])}


@pytest.fixture(scope="module")
def played(verifiers_bin: Path) -> dict[str, Any]:
    program = Path(__file__).with_name("verifiers_program.py")
    with ScriptedEndpoint(message_for).serving() as endpoint:
        printed = run([str(verifiers_bin / "python"), str(program), endpoint.url, json.dumps(SETTINGS)])
    return json.loads(printed) | {"asked": endpoint.asked}


def test_an_episode_keeps_its_state_and_is_rewarded_once(played: dict[str, Any]) -> None:
    solved = played["solve"]
    assert (solved["ok"], solved["errors"], solved["stop"]) == (True, [], "submitted")
    assert solved["rewards"] == {"reward": 1.0}
    assert solved["metrics"] == {"reward/passed": 1.0, "solved": 1.0}
    roles = [message["role"] for message in solved["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant"]
    assert solved["messages"][3]["content"].startswith("```output\nb ")
    assert solved["messages"][5]["content"].startswith("```output\na ")


def test_the_model_sees_the_conversation_and_the_sampling_of_the_run(played: dict[str, Any]) -> None:
    asked = [body for body in played["asked"] if body["model"] == "solve"]
    assert [len(body["messages"]) for body in asked] == [2, 4, 6]
    assert {body["temperature"] for body in asked} == {0.5}
    assert all("tools" not in body for body in asked)
    assert "tests" not in json.dumps(asked)


def test_a_server_of_environments_answers_native_calls_by_their_ids(played: dict[str, Any]) -> None:
    assert (played["native"]["rewards"], played["native"]["ok"]) == ({"reward": 1.0}, True)
    asked = [body for body in played["asked"] if body["model"] == "native"]
    assert [tool["function"]["name"] for tool in asked[0]["tools"]] == ["python_interpreter", "submit"]
    call, answer = asked[1]["messages"][2:]
    assert call["tool_calls"][0]["id"] == answer["tool_call_id"] == "call_7"
    assert (answer["role"], answer["content"][:2]) == ("tool", "b ")


def test_an_episode_without_a_submission_has_no_reward(played: dict[str, Any]) -> None:
    wandered = played["wander"]
    assert (wandered["ok"], wandered["rewards"], wandered["stop"]) == (True, {"reward": 0.0}, "max_turns")
    assert "write one, closed by a line ```" in wandered["messages"][3]["content"]
    assert wandered["messages"][5]["content"] == "```output\n1\n```"


def test_a_limit_of_verifiers_ends_an_episode_too(played: dict[str, Any]) -> None:
    limited = played["limited"]
    assert (limited["ok"], limited["rewards"], limited["stop"]) == (True, {"reward": 0.0}, "max_turns")
    assert [message["role"] for message in limited["messages"]] == ["system", "user", "assistant"]


def test_what_fails_is_no_reward_of_0(played: dict[str, Any]) -> None:
    refused, broken = played["refused"], played["broken"]
    assert (refused["ok"], refused["errors"], refused["rewards"]) == (False, ["ProviderError"], {})
    assert (broken["ok"], broken["rewards"], set(broken["errors"])) == (False, {}, {"SandboxError"})
    assert "no disk" in broken["told"]


def test_no_interpreter_is_left(played: dict[str, Any]) -> None:
    assert played["left"] == 0
    assert played["cancelled"] == {"during": 1, "after": 0}


def test_its_command_line_plays_the_environment_by_name(verifiers_bin: Path, tmp_path: Path) -> None:
    begun: set[int] = set()

    def message(body: Body) -> Body:
        """Every second episode hands in a wrong program."""
        if turn_of(body) == 0:
            begun.add(len(begun))
            return {"content": fenced(WRONG if len(begun) % 2 else CELLS[0])}
        return {"content": fenced(CELLS[turn_of(body)])}

    with ScriptedEndpoint(message).serving() as endpoint:
        command = [str(verifiers_bin / "vf-eval"), "PyInterp-v0", "--model", "scripted"]
        command += ["--client.base-url", endpoint.url, "-n", "2", "-r", "2", "-c", "2"]
        command += ["--env.taskset.settings", json.dumps(SETTINGS), "--env.kernels", "2"]
        run([*command, "--no-push", "--no-rich", "--output-dir", "."], cwd=tmp_path)
    (results,) = tmp_path.glob("*/traces.jsonl")
    episodes = [json.loads(line) for line in results.read_text().splitlines()]
    scores = [episode["traces"][0]["rewards"]["reward"]["score"] for episode in episodes]
    assert sorted(scores) == [0.0, 0.0, 1.0, 1.0]
    assert {episode["ok"] for episode in episodes} == {True}
