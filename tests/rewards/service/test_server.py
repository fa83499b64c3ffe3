"""The server itself: keys, addresses, limits, full queues and its end."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from replgym.cli import main
from replgym.rewards.service.service_settings import ServiceSettings, ServiceSettingsError

from ..processes import alive, descendants
from .running_server import running_server

SLEEP = {"type": "python", "solution": "import time; time.sleep(30)"}
QUICK = {"type": "python", "solution": "print(1)"}


def test_a_small_server_with_a_key_says_what_it_has_no_room_for(tmp_path: Path) -> None:
    options = ("--workers", "1", "--queue-size", "1", "--queue-seconds", "0.5", "--execution-seconds", "3")
    key = ("--api-key-env", "JUDGE_KEY", "--body-megabytes", "1", "--sessions", "1")
    with running_server(tmp_path, *options, *key, JUDGE_KEY="secret") as server:
        url = server.url
        _check_keys(url)
        session = requests.Session()
        session.headers["X-API-Key"] = "secret"
        _check_large_requests(session, url)
        _check_full_queue(session, url)
        _check_sessions(session, url)
        text = session.get(f"{url}/metrics", timeout=10).text
        assert 'replgym_judge_refused_total{reason="full"}' in text
        assert 'replgym_judge_requests_total{code="413",route="none"}' in text
        _check_graceful_end(session, server)


def _check_keys(url: str) -> None:
    assert requests.get(f"{url}/ping", timeout=10).status_code == 200
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Basic !"}, {"Authorization": "Bearer"}):
        assert requests.get(f"{url}/status", headers=headers, timeout=10).status_code == 401
    for headers in ({"X-API-Key": "secret"}, {"Authorization": "Bearer secret"}):
        assert requests.get(f"{url}/status", headers=headers, timeout=10).status_code == 200
    with_key = url.replace("http://", "http://any:secret@")
    assert requests.get(f"{with_key}/status", timeout=10).status_code == 200


def _check_large_requests(session: requests.Session, url: str) -> None:
    large = {"type": "python", "solution": "x" * (2 << 20)}
    answer = session.post(f"{url}/run", json=large, timeout=30)
    assert answer.status_code == 413
    assert "1048576 bytes" in answer.json()["detail"]

    def chunks() -> Any:
        for _ in range(40):
            yield b"x" * (1 << 16)

    # It may hang up while the client still sends.
    with contextlib.suppress(requests.ConnectionError):
        assert session.post(f"{url}/run", data=chunks(), timeout=30).status_code == 413


def _check_full_queue(session: requests.Session, url: str) -> None:
    """One runs, one waits: the next is turned away, in the words of each protocol."""
    body = {"submissions": [SLEEP, SLEEP]}
    slow = threading.Thread(target=session.post, args=(f"{url}/judge/long-batch",), kwargs={"json": body})
    slow.start()
    while session.get(f"{url}/status", timeout=10).json()["queue"] == 0:
        pass
    answer = session.post(f"{url}/judge", json=QUICK, timeout=30)
    assert answer.json()["reason"] == "queue_timeout"
    assert int(answer.headers["Retry-After"]) >= 1
    answer = session.post(f"{url}/run_code", json={"language": "python", "code": ""}, timeout=30)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    row = {"test": [{"input": {"stdin": ""}, "output": {"stdout": "1"}}] * 3}
    config = {"dataset_type": "CommonOJDataset", "language": "python", "provided_data": row}
    body = {"dataset": "d", "id": 1, "completion": "print(1)", "config": config}
    assert session.post(f"{url}/submit", json=body, timeout=30).status_code == 503
    while session.get(f"{url}/status", timeout=10).json()["queue"]:
        pass
    # The second one runs: what waits now, waits too long.
    assert session.post(f"{url}/judge", json=QUICK, timeout=30).json()["reason"] == "queue_timeout"
    slow.join()
    assert session.post(f"{url}/judge", json=QUICK, timeout=30).json()["success"]


def _check_sessions(session: requests.Session, url: str) -> None:
    def ask(name: str, **options: object) -> requests.Response:
        body = {"cells": ["1"], "session_id": name, **options}
        return session.post(f"{url}/run_jupyter", json=body, timeout=60)

    assert ask("a").status_code == 200
    assert ask("b").status_code == 503
    assert ask("a", close_session=True).json()["session"]["closed"]
    assert ask("b", close_session=True).json()["session"]["created"]


def _check_graceful_end(session: requests.Session, server: Any) -> None:
    answers: list[Any] = []
    slow = {"type": "python", "solution": "import time; time.sleep(2); print(5)"}
    thread = threading.Thread(
        target=lambda: answers.append(session.post(f"{server.url}/run", json=slow, timeout=60).json())
    )
    thread.start()
    while session.get(f"{server.url}/status", timeout=10).json()["running"] == 0:
        pass
    below = descendants(server.process.pid)
    assert server.stop() == 0
    thread.join()
    assert answers[0]["stdout"] == "5\n"
    assert not alive(below)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "whoever reaches it can run code here"),
        (["--api-key-env", "NO_SUCH_VARIABLE"], "the variable NO_SUCH_VARIABLE is not set"),
        (["--workers", "0"], "workers=0"),
        (["--port", "81230"], "127.0.0.1:81230: bind(): port must be 0-65535; give another"),
        (["--port", "0", "--ray"], "Ray does not tell which port it took"),
        (["--task-set", "nope"], "unknown task set 'nope'"),
    ],
)
def test_bad_options_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "judge", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("options", [(), ("--ray",)])
def test_an_address_in_use_is_refused_at_once(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["serve", "judge", "--port", str(port), *options]) == 2
    wrong = f"replgym: 127.0.0.1:{port}: Address already in use; give another --port or --host\n"
    assert capsys.readouterr().err == wrong


def test_code_judge_names_in_the_environment() -> None:
    settings = ServiceSettings.from_environment(
        {"MAX_WORKERS": "3", "MAX_EXECUTION_TIME": "7", "MAX_MEMORY": "99", "REDIS_URI": "x"},
        queue_seconds=1.0,
    )
    assert (settings.workers, settings.execution_seconds, settings.memory_megabytes) == (3, 7.0, 99)
    assert settings.queue_seconds == 1.0
    assert ServiceSettings.from_environment({"MAX_WORKERS": "0"}).workers >= 1


def test_bad_names_in_the_environment_are_named() -> None:
    with pytest.raises(ServiceSettingsError, match=r"execution_seconds='soon'"):
        ServiceSettings.from_environment({"MAX_EXECUTION_TIME": "soon"})
