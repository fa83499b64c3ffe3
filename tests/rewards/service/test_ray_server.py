"""The service on Ray Serve, on a cluster of this machine: two servers behind one port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import sandbox_fusion
from sandbox_fusion import RunCodeRequest, RunStatus

from .running_server import RunningServer, running_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("ray")
    with contextlib.ExitStack() as stack:
        for attempt in range(3):
            try:
                running = stack.enter_context(running_server(folder, "--ray", "--replicas", "2"))
                break
            except AssertionError as error:
                # On a busy machine Ray gives its own processes too little time to start.
                if attempt == 2 or "The current node timed out during startup" not in str(error):
                    raise
        yield running
        assert running.stop() == 0


def cells(server: RunningServer, name: str, *cells: str, **options: object) -> requests.Response:
    body = {"cells": cells, "session_id": name, **options}
    return requests.post(f"{server.url}/run_jupyter", json=body, timeout=120)


def test_programs(cluster: RunningServer) -> None:
    submissions = [
        {
            "sub_id": str(n),
            "type": "python",
            "solution": "print(input())",
            "input": str(n),
            "expected_output": str(n),
        }
        for n in range(10)
    ]
    answer = requests.post(f"{cluster.url}/run/batch", json={"submissions": submissions}, timeout=120).json()
    assert [result["stdout"] for result in answer["results"]] == [f"{n}\n" for n in range(10)]
    request = RunCodeRequest(code="print(1)", language="python")
    response = sandbox_fusion.run_code(request, endpoint=cluster.url, max_attempts=1, client_timeout=60)
    assert response.status == RunStatus.Success


def test_every_server_finds_a_session(cluster: RunningServer) -> None:
    names = [f"session {n}" for n in range(4)]
    for name in names:
        assert cells(cluster, name, f"x = {name!r}").json()["session"]["created"]
    for _ in range(4):
        for name in names:
            answer: Any = cells(cluster, name, "x").json()
            assert answer["cells"][0]["display"] == [{"text/plain": repr(name)}]
            assert not answer["session"]["created"]
    assert cells(cluster, names[0], close_session=True).json()["session"]["closed"]
    assert cells(cluster, names[0], "x").json()["cells"][0]["error"][0]["ename"] == "NameError"


def test_errors_of_a_session_come_back(cluster: RunningServer) -> None:
    answer = cells(cluster, "e", files={"../x": "eA=="})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "'../x' is not a relative path inside the workspace",
    )


def test_bad_requests(cluster: RunningServer) -> None:
    headers = {"Content-Type": "application/json"}
    assert (
        requests.post(f"{cluster.url}/run", data="[" * 100_000, headers=headers, timeout=60).status_code
        == 400
    )
    assert requests.post(f"{cluster.url}/run", data="{}", headers=headers, timeout=60).status_code == 422
