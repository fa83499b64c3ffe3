"""The routes of SandboxFusion, spoken to by its own client and by verl's reward."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import pytest
import requests
import sandbox_fusion
from sandbox_fusion import (
    CommandRunStatus,
    EvalResult,
    GetPromptByIdRequest,
    GetPromptsRequest,
    RunCodeRequest,
    RunCodeResponse,
    RunJupyterRequest,
    RunStatus,
    SubmitRequest,
    TestConfig,
)

from .running_server import RunningServer


@pytest.fixture(scope="module", autouse=True)
def endpoint(server: RunningServer) -> None:
    sandbox_fusion.set_endpoint(server.url)


def run(code: str, language: str = "python", **options: Any) -> RunCodeResponse:
    request = RunCodeRequest(code=code, language=language, **options)
    return sandbox_fusion.run_code(request, max_attempts=1, client_timeout=60)


def submit(completion: str, row: dict[str, Any], kind: str, **config: Any) -> EvalResult:
    made = TestConfig(dataset_type=kind, provided_data=row, **config)
    request = SubmitRequest(dataset="mine", id=7, completion=completion, config=made)
    return sandbox_fusion.submit(request, max_attempts=1, client_timeout=120)


def test_a_program(server: RunningServer) -> None:
    response = run("import sys\nprint(input() * 2)\nprint('e', file=sys.stderr)", stdin="ab")
    assert response.status == RunStatus.Success
    assert response.compile_result is None
    assert response.run_result.status == CommandRunStatus.Finished
    assert (response.run_result.return_code, response.run_result.stdout) == (0, "abab\n")
    assert response.run_result.stderr == "e\n"


def test_the_json_has_the_fields_of_sandbox_fusion_and_no_others(server: RunningServer) -> None:
    body = {"code": "print(1)", "language": "python"}
    answer = requests.post(f"{server.url}/run_code", json=body, timeout=60).json()
    names = {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}
    assert set(answer) == names
    assert set(answer["run_result"]) == {"status", "execution_time", "return_code", "stdout", "stderr"}


@pytest.mark.parametrize(
    ("code", "status", "return_code"),
    [
        ("exit(3)", CommandRunStatus.Finished, 3),
        ("1 / 0", CommandRunStatus.Finished, 1),
        ("import os; os.abort()", CommandRunStatus.Finished, -6),
        ("while True: pass", CommandRunStatus.TimeLimitExceeded, None),
        ("while True: print('x' * 9999)", CommandRunStatus.Finished, -25),
        ("import os; os.kill(os.getppid(), 9)", CommandRunStatus.Finished, -9),
    ],
)
def test_failures_of_the_program(code: str, status: str, return_code: int | None) -> None:
    response = run(code, run_timeout=2)
    assert response.status == RunStatus.Failed
    assert (response.run_result.status, response.run_result.return_code) == (status, return_code)


def test_cpp_and_its_compiler() -> None:
    response = run("#include <iostream>\nint main() { std::cout << 6 * 7; }", "cpp")
    assert (response.status, response.run_result.stdout) == (RunStatus.Success, "42")
    assert response.compile_result.return_code == 0
    response = run("int main() {", "cpp")
    assert (response.status, response.run_result) == (RunStatus.Failed, None)
    assert response.compile_result.return_code == 1
    assert "error" in response.compile_result.stderr


def test_pytest_and_files() -> None:
    files = {
        "mine/__init__.py": "",
        "mine/sums.py": base64.b64encode(b"def add(a, b): return a + b").decode(),
    }
    code = (
        "from mine.sums import add\n"
        "def test_add():\n"
        "    assert add(1, 2) == %d\n"
        "    open('o', 'w').write('done')"
    )
    response = run(code % 3, "pytest", files=files, fetch_files=["o", "missing"])
    assert response.status == RunStatus.Success
    assert base64.b64decode(response.files["o"]) == b"done"
    assert set(response.files) == {"o"}
    assert run(code % 4, "pytest", files=files).status == RunStatus.Failed


def test_a_language_that_is_not_here_is_no_failure_of_the_program() -> None:
    with pytest.raises(
        Exception, match=r"language 'java' is not run here; use one of: python, pytest, cpp, bash"
    ):
        run("class Main {}", "java")


async def test_the_asynchronous_client() -> None:
    request = RunCodeRequest(code="print(5)", language="python")
    response = await sandbox_fusion.run_code_async(request, max_attempts=1)
    assert response.run_result.stdout == "5\n"


def test_concurrent_clients() -> None:
    found = sandbox_fusion.run_concurrent(run, args=[[f"print({n})"] for n in range(10)], concurrency=10)
    assert [response.run_result.stdout for response in found] == [f"{n}\n" for n in range(10)]


def test_cells() -> None:
    cells = [
        "a = 'hello'",
        "a",
        "import sys\nprint(a)\nsys.stderr.write('odd')",
        "assert False",
        "print(a)",
        "input()",
    ]
    request = RunJupyterRequest(cells=cells, files={"f": "eA=="}, fetch_files=["f", "missing"])
    response = sandbox_fusion.run_jupyter(request, max_attempts=1, client_timeout=60)
    assert response.status == RunStatus.Success
    assert response.driver.status == CommandRunStatus.Finished
    assert response.cells[1].display == [{"text/plain": "'hello'"}]
    assert (response.cells[2].stdout, response.cells[2].stderr) == ("hello\n", "odd")
    assert response.cells[3].error[0]["ename"] == "AssertionError"
    assert response.cells[4].stdout == "hello\n"
    assert response.cells[5].error[0]["ename"] == "StdinNotImplementedError"
    assert response.files == {"f": "eA=="}


def test_cells_that_take_too_long() -> None:
    request = RunJupyterRequest(
        cells=["print(1)", "import time; time.sleep(60)", "print(3)"], total_timeout=2
    )
    response = sandbox_fusion.run_jupyter(request, max_attempts=1, client_timeout=60)
    assert response.status == RunStatus.Failed
    assert response.driver.status == CommandRunStatus.TimeLimitExceeded
    assert response.cells[0].stdout == "1\n"
    assert len(response.cells) == 2


def test_what_is_cut_of_a_cell_is_counted() -> None:
    request = RunJupyterRequest(cells=["print('x' * 1_500_000, end='')"])
    response = sandbox_fusion.run_jupyter(request, max_attempts=1, client_timeout=60)
    (cell,) = response.cells
    cut = int(cell.stderr.split()[0].removeprefix("["))
    assert cell.stderr == f"[{cut} characters of output were cut]\n"
    assert cell.stdout.count("x") + cut == 1_500_000


def test_half_characters_of_a_cell() -> None:
    cells = ["'\\ud800'", "print('\\ud800')", "raise ValueError('\\ud800')", "print(1)"]
    response = sandbox_fusion.run_jupyter(RunJupyterRequest(cells=cells), max_attempts=1, client_timeout=60)
    assert response.status == RunStatus.Success
    assert response.cells[2].error[0]["ename"] == "ValueError"
    assert response.cells[3].stdout == "1\n"


def cells_in_session(server: RunningServer, *cells: str, **options: object) -> Any:
    body = {"cells": cells, "session_id": "one", **options}
    answer = requests.post(f"{server.url}/run_jupyter", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_session_keeps_its_variables(server: RunningServer) -> None:
    first = cells_in_session(server, "x = 1")
    assert first["session"] == {"session_id": "one", "created": True, "state_lost": False, "closed": False}
    second = cells_in_session(server, "x += 1", "x")
    assert second["cells"][1]["display"] == [{"text/plain": "2"}]
    assert not second["session"]["created"]
    slow = cells_in_session(server, "import time; time.sleep(60)", "x", cell_timeout=0.5)
    assert slow["status"] == "Success"
    assert slow["cells"][0]["error"][0]["ename"] == "KeyboardInterrupt"
    assert slow["cells"][1]["display"] == [{"text/plain": "2"}]
    lost = cells_in_session(server, "import os; os._exit(1)", "x")
    assert lost["session"]["state_lost"]
    assert lost["message"] == "the interpreter was restarted; all variables are lost"
    assert cells_in_session(server, "x", close_session=True)["session"]["closed"]
    assert cells_in_session(server, "0", close_session=True)["session"]["created"]


def test_requests_of_one_session_take_turns(server: RunningServer) -> None:
    cells_in_session(server, "import time\nn = 0")
    add = "m = n; time.sleep(0.05); n = m + 1"
    threads = [threading.Thread(target=cells_in_session, args=(server, add)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cells_in_session(server, "n", close_session=True)["cells"][0]["display"] == [{"text/plain": "8"}]


def test_a_client_that_leaves_has_its_cell_interrupted(server: RunningServer) -> None:
    cells_in_session(server, "y = 1")
    body = {"cells": ["import time\nwhile True: time.sleep(0.01)"], "session_id": "one"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{server.url}/run_jupyter", json=body, timeout=1)
    assert cells_in_session(server, "y", close_session=True)["cells"][0]["display"] == [{"text/plain": "1"}]


SQUARE = "Here:\n```python\nprint(int(input()) ** 2)\n```\nDone."


def square(*cases: tuple[str, str]) -> dict[str, Any]:
    return {"id": 7, "test": [{"input": {"stdin": i}, "output": {"stdout": o}} for i, o in cases]}


def test_programs_that_read_and_write() -> None:
    row = square(("3", "9"), ("4", "16.0000001\n"), ("5", "25"))
    result = submit(SQUARE, row, "CommonOJDataset", language="python")
    assert (result.accepted, result.id, result.extracted_code) == (True, 7, "print(int(input()) ** 2)")
    assert result.extracted_type == "fenced"
    assert [test.passed for test in result.tests] == [True] * 3
    assert result.tests[0].exec_info.run_result.stdout == "9\n"
    assert result.tests[0].test_info == {"input": {"stdin": "3"}, "output": {"stdout": "9"}}


def test_the_first_failure_ends_it_unless_all_are_wanted() -> None:
    row = {**square(("3", "9"), ("4", "17"), ("5", "25"), ("6", "36"))}
    row["test"] = json.dumps(row["test"])
    result = submit(SQUARE, row, "CommonOJDataset", language="python")
    assert (result.accepted, [test.passed for test in result.tests]) == (False, [True, False])
    result = submit(SQUARE, row, "CommonOJDataset", language="python", extra={"run_all_cases": True})
    assert [test.passed for test in result.tests] == [True, False, True, True]


HUMAN_EVAL = {
    "task_id": "T/1",
    "prompt": "def add(a: int, b: int) -> int:\n    '''Adds.'''\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(2, 2) == 4\n",
    "entry_point": "add",
}


@pytest.mark.parametrize(
    ("completion", "freeform", "accepted"),
    [
        ("    return a + b", False, True),
        ("    return 3", False, False),
        ("```python\ndef add(a, b):\n    return a + b\n```", True, True),
        ("```python\ndef add(a, b):\n    raise SystemExit(0)\n```", True, False),
        ("```python\nimport os\nos._exit(0)\n```", True, False),
    ],
)
def test_functions(completion: str, freeform: bool, accepted: bool) -> None:
    result = submit(completion, HUMAN_EVAL, "HumanEvalDataset", extra={"is_freeform": freeform})
    assert result.accepted is accepted
    assert all(
        test.exec_info.status == (RunStatus.Success if test.passed else RunStatus.Failed)
        for test in result.tests
    )


AUTO_EVAL = {
    "id": 1,
    "content": "Add two numbers.",
    "labels": '{"programming_language": "python"}',
    "test": {"code": "def test():\n    assert add(1, 2) == 3\n    assert add(2, 2) == 4\n\ntest()"},
}


@pytest.mark.parametrize(
    ("code", "accepted"),
    [
        ("def add(a, b):\n    return a + b\n\nif __name__ == '__main__':\n    print(add(1, 2))", True),
        ("def add(a, b):\n    return 3", False),
        ("import sys\nsys.exit(0)", False),
        ("def add(a, b):\n    import os\n    os._exit(0)", False),
    ],
)
def test_appended_assertions(code: str, accepted: bool) -> None:
    result = submit(f"```python\n{code}\n```", AUTO_EVAL, "AutoEvalDataset")
    assert (result.accepted, result.extracted_code) == (accepted, code)


def test_task_sets_of_the_server(server: RunningServer) -> None:
    assert requests.get(f"{server.url}/list_datasets", timeout=10).json() == ["humaneval"]
    config = TestConfig()
    prompts = sandbox_fusion.get_prompts(
        GetPromptsRequest(dataset="humaneval", config=config, offset=1, limit=2)
    )
    assert [prompt.id for prompt in prompts] == ["HumanEval/1", "HumanEval/2"]
    request = GetPromptByIdRequest(dataset="humaneval", config=config, id="HumanEval/0")
    assert "has_close_elements" in sandbox_fusion.get_prompt_by_id(request).prompt
    code = (
        "```python\n"
        "def has_close_elements(n, t):\n"
        "    n = sorted(n)\n"
        "    return any(b - a < t for a, b in zip(n, n[1:]))\n"
        "```"
    )
    submitted = SubmitRequest(dataset="humaneval", id="HumanEval/0", completion=code, config=config)
    assert sandbox_fusion.submit(submitted, max_attempts=1).accepted


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"dataset": "x", "config": {}}, 400, "no eval class found"),
        ({"dataset": "x", "config": {"dataset_type": "Nope"}}, 400, "eval class 'Nope' not found"),
        ({"dataset": "x", "config": {"dataset_type": "CommonOJDataset"}}, 400, "send config.provided_data"),
        ({"dataset": "humaneval", "config": {}}, 404, "has no row '1'"),
        (
            {"dataset": "x", "config": {"dataset_type": "CommonOJDataset", "provided_data": {"test": []}}},
            400,
            "config.language is None",
        ),
        (
            {
                "dataset": "x",
                "config": {
                    "dataset_type": "HumanEvalDataset",
                    "provided_data": {"prompt": "p", "test": "no check", "entry_point": "f"},
                },
            },
            400,
            "does not compile",
        ),
        (
            {
                "dataset": "x",
                "config": {"dataset_type": "AutoEvalDataset", "provided_data": {"test": "{"}},
            },
            400,
            "provided_data.test is a string that is not JSON",
        ),
        (
            {
                "dataset": "x",
                "config": {"dataset_type": "HumanEvalDataset", "provided_data": {"prompt": "p", "test": "t"}},
            },
            400,
            "provided_data.entry_point",
        ),
    ],
)
def test_rows_that_cannot_be_judged_by(
    server: RunningServer, body: dict[str, Any], code: int, message: str
) -> None:
    answer = requests.post(f"{server.url}/submit", json={"id": 1, "completion": "", **body}, timeout=60)
    assert answer.status_code == code
    assert message in answer.json()["detail"]


@pytest.mark.slow
def test_the_reward_of_verl(server: RunningServer) -> None:
    from verl.utils.reward_score.sandbox_fusion import compute_score

    def score(code: str, cases: dict[str, Any], **options: Any) -> tuple[float, list[str]]:
        found, details = compute_score(
            f"{server.url}/run_code", None, 1024, f"```python\n{code}\n```", cases, **options
        )
        return found, [detail["status"] for detail in details]

    cases = {"inputs": ["1\n", "2\n", "3\n", "4\n"], "outputs": ["1\n", "4\n", "9\n", "17\n"]}
    assert score("print(int(input()) ** 2)", cases) == (0.75, ["success"] * 3 + ["wrong_answer"])
    assert score("1 / 0", cases, continuous=True) == (0.0, ["runtime_error"] * 4)
    assert score("while True: pass", {"inputs": [""], "outputs": [""]}, timeout=1) == (0.0, ["timeout"])
    functions = {"inputs": ["1\n2", "3\n4"], "outputs": ["3", "7"], "fn_name": "add"}
    assert score("def add(a, b): return a + b", functions) == (1.0, ["success"] * 2)
    asserts = {"assert_case": ["assert add(1, 2) == 3", "assert add(1, 2) == 4"]}
    assert score("def add(a, b): return a + b", asserts) == (0.5, ["success", "runtime_error"])
