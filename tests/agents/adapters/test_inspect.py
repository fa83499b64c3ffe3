"""The adapter under the real inspect_ai, in the environment that `scripts/setup_adapters.sh` builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .adapter_environment import adapter_environment
from .linear_play import CELLS, SETTINGS
from .scripted_endpoint import Body, ScriptedEndpoint, turn_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("inspect")]
HERE = Path(__file__).parent
ONE = SETTINGS | {"task_options": {"levels": [1], "size": 1}}


@pytest.fixture(scope="module")
def inspect_bin() -> Path:
    """The folder of the programs; it is built where it is missing."""
    return adapter_environment("inspect") / "bin"


def ended(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env = {name: value for name, value in outside.items() if not name.startswith("PYTEST_")}
    env |= options.pop("env", {})
    return subprocess.run(command, capture_output=True, text=True, timeout=150, env=env, **options)


def run(command: list[str], **options: Any) -> str:
    """What it printed; it finds this project as it is installed."""
    done = ended(command, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def played(inspect_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    logs, temporary = tmp_path_factory.mktemp("logs"), tmp_path_factory.mktemp("temporary")
    command = [str(inspect_bin / "python"), str(HERE / "inspect_program.py"), str(logs), json.dumps(ONE)]
    printed = run(command, env={"INSPECT_DISPLAY": "none", "TMPDIR": str(temporary)})
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found | {"folders": [path.name for path in temporary.iterdir()]}


def answers(sample: dict[str, Any]) -> list[str]:
    """What the tools gave."""
    return [text for role, text in sample["messages"] if role == "tool"]


def test_an_episode_keeps_its_state_and_every_hidden_test_is_in_its_score(played: dict[str, Any]) -> None:
    solved = played["solve"]
    assert (solved["status"], solved["metrics"]) == ("success", {"accuracy": 1.0, "stderr": 0.0})
    score, about = solved["score"], solved["score"]["metadata"]
    assert (score["value"], about["stop"], about["reward"]) == ("C", "submitted", 1.0)
    assert (about["reward_parts"], about["tests_passed"]) == ({"passed": 1.0}, 1.0)
    assert {test["outcome"] for test in about["tests"]} == {"passed"}
    assert score["explanation"].splitlines()[0] == "test_1: passed"
    b, a, _ = answers(solved)
    assert score["answer"] == f"def solution(x): return {a.split()[1]} * x + {b.split()[1]}"


def test_hidden_tests_stay_out_of_the_samples(played: dict[str, Any]) -> None:
    assert set(played["solve"]["metadata"]) == {"source", "difficulty", "tags", "date"}


def test_the_settings_can_be_read_back_from_a_log(played: dict[str, Any]) -> None:
    expected = {"task_set": "blackbox", "mode": "stateful", "action_format": "native"} | ONE
    assert played["settings"] == expected


def test_a_wrong_program_fails_with_the_reason_for_each_test(played: dict[str, Any]) -> None:
    score = played["wrong"]["score"]
    assert (score["value"], score["answer"]) == ("I", "def solution(x): return None")
    assert {test["outcome"] for test in score["metadata"]["tests"]} == {"wrong_answer"}
    assert re.match(r"test_1: wrong_answer: expected -?\d+, got None\n", score["explanation"])


def test_each_mode_has_its_tools(played: dict[str, Any]) -> None:
    assert played["no-tool"]["errors"] == ["Tool python_interpreter not found"]
    assert played["no-tool"]["score"]["metadata"]["stop"] == "submitted"
    assert "NameError: name 'b' is not defined" in answers(played["stateless"])[1]
    assert "ZeroDivisionError" in answers(played["debugger"])[0]
    assert answers(played["debugger"])[0].endswith("(dbg) print a\n1")


def test_messages_without_calls_and_too_many_turns_end_an_episode(played: dict[str, Any]) -> None:
    talked, turned = played["talk"], played["turns"]
    assert (talked["score"]["value"], talked["score"]["metadata"]["stop"]) == ("I", "parse_errors")
    assert "there is no tool call" in talked["messages"][3][1]
    assert (turned["score"]["value"], turned["score"]["metadata"]["stop"]) == ("I", "turn_limit")
    assert answers(turned) == ["1"] * SETTINGS["max_turns"]


@pytest.mark.parametrize(("name", "limit"), [("messages", "message"), ("seconds", "time")])
def test_limits_of_inspect_end_an_episode_as_unsolved(played: dict[str, Any], name: str, limit: str) -> None:
    limited = played[name]
    assert (limited["status"], limited["limit"], limited["error"]) == ("success", limit, None)
    assert (limited["score"]["value"], limited["score"]["metadata"]["stop"]) == ("I", "limit")


def test_a_machine_that_fails_is_an_error_that_is_tried_again_and_has_no_score(
    played: dict[str, Any],
) -> None:
    broken = played["broken"]
    assert (broken["status"], broken["score"], broken["retries"]) == ("error", None, 1)
    assert "no disk" in broken["error"]


def test_tools_and_commands_share_one_sandbox_in_tasks_of_others(played: dict[str, Any]) -> None:
    tools = played["tools"]
    assert (tools["metrics"]["accuracy"], tools["submission"], tools["errors"]) == (1.0, "pass", [])
    first, loop, kept, shell, script, asks, killed, begun, stepped, _ = answers(tools)
    assert first == ""
    told = re.search(r"\[timed out after (\d+\.\d) s and was interrupted\]$", loop)
    assert told is not None, loop
    assert float(told[1]) >= 1.0
    assert kept.startswith("hello")
    assert (shell, script, killed) == ("made", "42\n", "")
    assert asks.startswith("[waiting for input: which? ]")
    assert begun.startswith("line 1 in the module")
    assert stepped.endswith("changed: a = 1 (new)")


def test_nothing_is_left_however_a_sample_ends(played: dict[str, Any]) -> None:
    assert played["cancelled"]["during"] > 0
    assert played["cancelled"]["open"] == 0
    assert {
        sample["open"] for sample in played.values() if isinstance(sample, dict) and "status" in sample
    } == {0}
    assert (played["left"], played["folders"]) == ([], [])


def test_the_sandbox_passes_the_checks_of_inspect(inspect_bin: Path) -> None:
    command = [str(inspect_bin / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    options = ["-o", "asyncio_default_test_loop_scope=module", str(HERE / "inspect_self_check.py")]
    summary = run([*command, *options], cwd=HERE.parents[2]).splitlines()[-1]
    assert re.match(r"\d{2} passed, 1 xfailed in", summary)


def test_its_command_line_finds_the_task_by_name(inspect_bin: Path, tmp_path: Path) -> None:
    def message(body: Body) -> Body:
        function = {"name": "python_interpreter", "arguments": json.dumps({"code": CELLS[turn_of(body)]})}
        return {"content": "", "tool_calls": [{"id": "call_7", "type": "function", "function": function}]}

    with ScriptedEndpoint(message).serving() as endpoint:
        command = [
            str(inspect_bin / "inspect"),
            "eval",
            "replgym/pyinterp",
            "--model",
            "openai-api/local/scripted",
        ]
        command += ["-T", "set=blackbox", "-T", "task_options={levels: [1], size: 2}", "-T", "mode=stateful"]
        command += ["--epochs", "2"]
        access = {"LOCAL_API_KEY": "none", "LOCAL_BASE_URL": endpoint.url}
        printed = run([*command, "--display", "plain"], cwd=tmp_path, env=access)
    assert re.search(r"accuracy\s+1\.0", printed)
    assert len(list((tmp_path / "logs").glob("*_pyinterp_*.eval"))) == 1
    assert len(endpoint.asked) == 2 * 2 * len(CELLS)
    asked = endpoint.asked[0]
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["python_interpreter", "submit"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-T", "mode=sometimes"], "mode='sometimes' is not allowed: use one of: no-tool"),
        (["-T", "action_format=code"], "action_format='code' is not allowed: inspect reads calls"),
        (["--sandbox", "replgym:none.yaml"], "none.yaml': No such file or directory"),
    ],
)
def test_a_setting_that_is_not_allowed_is_told_in_one_line(
    inspect_bin: Path, tmp_path: Path, options: list[str], told: str
) -> None:
    command = [str(inspect_bin / "inspect"), "eval", "replgym/pyinterp", "--model", "mockllm/model"]
    done = ended([*command, *options, "--display", "plain"], cwd=tmp_path, env={"COLUMNS": "400"})
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert told in done.stdout + done.stderr
