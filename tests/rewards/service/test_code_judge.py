"""The routes of code-judge, on a real server."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from .running_server import RunningServer

DOUBLE = "print(2 * int(input()))"
CPP_DOUBLE = "#include <iostream>\nint main() { long a; std::cin >> a; std::cout << 2 * a; }"


def post(server: RunningServer, route: str, body: object) -> Any:
    answer = requests.post(server.url + route, json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_ping_and_status(server: RunningServer) -> None:
    assert requests.get(f"{server.url}/ping", timeout=10).json() == "pong"
    status = requests.get(f"{server.url}/status", timeout=10).json()
    assert status["queue"] == 0
    assert status["num_workers"] >= 1
    assert isinstance(status["protections"], list)


def test_run_shows_what_was_written(server: RunningServer) -> None:
    body = {"sub_id": "a", "type": "python", "solution": DOUBLE, "input": "21", "expected_output": "42 \n"}
    result = post(server, "/run", body)
    assert set(result) == {"sub_id", "success", "run_success", "cost", "reason", "stdout", "stderr"}
    assert result["cost"] > 0
    del result["cost"]
    assert result == {
        "sub_id": "a",
        "success": True,
        "run_success": True,
        "reason": "",
        "stdout": "42\n",
        "stderr": "",
    }


def test_judge_does_not(server: RunningServer) -> None:
    result = post(server, "/judge", {"type": "python", "solution": DOUBLE, "input": "2"})
    assert set(result) == {"sub_id", "success", "run_success", "cost", "reason"}
    assert (result["success"], result["run_success"]) == (True, True)


@pytest.mark.parametrize(
    ("submission", "success", "run_success", "reason"),
    [
        ({"type": "python", "solution": DOUBLE, "input": "1", "expected_output": "3"}, False, True, ""),
        ({"type": "python", "solution": "exit(1)", "expected_output": ""}, False, False, ""),
        ({"type": "python", "solution": "def", "expected_output": ""}, False, False, ""),
        ({"type": "python", "solution": "print()", "expected_output": ""}, True, True, ""),
        ({"type": "cpp", "solution": CPP_DOUBLE, "input": "5", "expected_output": "10"}, True, True, ""),
        ({"type": "cpp", "solution": "int", "expected_output": ""}, False, False, ""),
        ({"type": "math", "solution": "1"}, False, False, "invalid_input"),
        ({"type": "python", "solution": "import os; os._exit(0)", "expected_output": "1"}, False, True, ""),
        (
            {"type": "python", "solution": "while True: pass", "expected_output": ""},
            False,
            False,
            "worker_timeout",
        ),
    ],
)
def test_results(
    server: RunningServer, submission: dict[str, str], success: bool, run_success: bool, reason: str
) -> None:
    result = post(server, "/judge", submission)
    assert (result["success"], result["run_success"], result["reason"]) == (success, run_success, reason)


def test_output_is_cut_for_the_answer_and_not_for_the_comparison(server: RunningServer) -> None:
    body = {"type": "python", "solution": "print('x' * 5000)", "expected_output": "x" * 5000}
    result = post(server, "/run", body)
    assert result["success"]
    assert result["stdout"] == "x" * 1000


@pytest.mark.parametrize("route", ["/run/batch", "/run/long-batch", "/judge/batch", "/judge/long-batch"])
def test_batches_keep_their_order(server: RunningServer, route: str) -> None:
    submissions = [
        {
            "sub_id": str(n),
            "type": "python",
            "solution": DOUBLE,
            "input": str(n),
            "expected_output": str(2 * n),
        }
        for n in range(9)
    ]
    submissions[4]["expected_output"] = "no"
    result = post(server, route, {"sub_id": "all", "type": "batch", "submissions": submissions})
    assert result["sub_id"] == "all"
    assert [each["sub_id"] for each in result["results"]] == [str(n) for n in range(9)]
    assert [each["success"] for each in result["results"]] == [n != 4 for n in range(9)]
    assert ("stdout" in result["results"][0]) == route.startswith("/run")


def test_the_shape_that_x_coder_sends(server: RunningServer) -> None:
    submissions: list[dict[str, str]] = [
        {"type": "python", "solution": "import sys\nprint(sum(map(int, sys.stdin)))", "input": "1\n2\n"},
        {"type": "python", "solution": "assert 1 + 1 == 2"},
        {"type": "python", "solution": "assert 1 + 1 == 3"},
    ]
    submissions[0]["expected_output"] = "3"
    result = post(server, "/judge/long-batch", {"type": "batch", "submissions": submissions})
    assert [each["success"] for each in result["results"]] == [True, True, False]


def test_two_hundred_at_once_are_all_answered_and_none_is_mixed_up(server: RunningServer) -> None:
    def submit(number: int) -> tuple[int, Any]:
        body = {
            "sub_id": str(number),
            "submissions": [
                {
                    "type": "cpp",
                    "solution": CPP_DOUBLE,
                    "input": str(number),
                    "expected_output": str(2 * number),
                }
            ],
        }
        return number, post(server, "/run/long-batch", body)

    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(submit, range(200)))
    for number, answer in answers:
        assert answer["sub_id"] == str(number)
        (result,) = answer["results"]
        assert (result["success"], result["stdout"]) == (True, str(2 * number))
    assert requests.get(f"{server.url}/status", timeout=10).json()["queue"] == 0
    memory = Path(f"/proc/{server.process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    assert int(memory) < 400 << 10


@pytest.mark.parametrize("expected", [{}, {"expected_output": "1"}])
def test_a_client_that_leaves_frees_its_place(server: RunningServer, expected: dict[str, str]) -> None:
    slow = {"type": "python", "solution": "import time; time.sleep(9)", **expected}
    workers = requests.get(f"{server.url}/status", timeout=10).json()["num_workers"]
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{server.url}/judge/long-batch", json={"submissions": [slow] * (workers + 3)}, timeout=1
        )
    end = time.monotonic() + 8
    while (status := requests.get(f"{server.url}/status", timeout=10).json())["running"] or status["queue"]:
        assert time.monotonic() < end, "what nobody waits for still runs"
        time.sleep(0.05)
