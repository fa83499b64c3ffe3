"""Requests that nobody should send: each gets a clear answer, and the server lives on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import requests

from .running_server import RunningServer

JSON = {"Content-Type": "application/json"}
ROUTES = ("/run", "/judge/batch", "/run_code", "/run_jupyter", "/submit", "/get_prompts")
BODIES = {
    "empty": b"",
    "not JSON": b"nope",
    "not UTF-8": b"\xff\xfe\x00",
    "deep arrays": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "closed deep arrays": b"[" * 50_000 + b"]" * 50_000,
    "a long number": b'{"type": "python", "solution": ' + b"9" * 20_000 + b"}",
    "no object": b"[1, 2]",
    "null": b"null",
    "infinity": b'{"run_timeout": 1e999, "total_timeout": 1e999}',
    "nan": b'{"run_timeout": NaN, "total_timeout": NaN}',
    "many errors": json.dumps({"submissions": [{}] * 5000}).encode(),
    "many keys": json.dumps({str(n): n for n in range(20_000)}).encode(),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_malformed_bodies(server: RunningServer, body: bytes) -> None:
    for route in ROUTES:
        answer = requests.post(server.url + route, data=body, headers=JSON, timeout=60)
        assert answer.status_code in (400, 422), f"{route}: {answer.text[:500]}"
        assert "detail" in answer.json()
        assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/run", '{"type": "python", "solution": "1", "sub_id": "\\ud800"}'),
        (
            "/get_prompts",
            '{"dataset": "d", "config": {"dataset_type": "CommonOJDataset", "provided_data":'
            ' [{"id": 1, "content": "\\ud800", "labels": {}}]}}',
        ),
        ("/run_code", '{"language": "python", "code": "", "files": {"\\ud800": "eA=="}}'),
    ],
)
def test_text_that_is_no_unicode(server: RunningServer, route: str, body: str) -> None:
    answer = requests.post(server.url + route, data=body, headers=JSON, timeout=60)
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize("code", ["\\ud800", "\\u0000", "x = '\\u0000'"])
def test_programs_that_are_no_text_fail(server: RunningServer, code: str) -> None:
    body = f'{{"language": "python", "code": "{code}"}}'
    answer = requests.post(f"{server.url}/run_code", data=body, headers=JSON, timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (200, "Failed")
    body = f'{{"type": "python", "solution": "{code}", "input": "{code}", "expected_output": ""}}'
    answer = requests.post(f"{server.url}/judge", data=body, headers=JSON, timeout=60)
    assert (answer.status_code, answer.json()["success"], answer.json()["reason"]) == (200, False, "")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_strange_web_page_could_send_runs_nothing(server: RunningServer, kind: str) -> None:
    body = json.dumps({"language": "python", "code": "print(1)"})
    answer = requests.post(f"{server.url}/run_code", data=body, headers={"Content-Type": kind}, timeout=60)
    assert answer.status_code == 422


def test_unknown_routes_and_methods(server: RunningServer) -> None:
    assert requests.get(f"{server.url}/nope", timeout=10).status_code == 404
    assert requests.get(f"{server.url}/run_code", timeout=10).status_code == 405
    assert 'route="/nope"' not in requests.get(f"{server.url}/metrics", timeout=10).text


def test_clients_that_hang_up_in_the_middle(server: RunningServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    for sent in (b"POST /run HT", head, head + b'{"type": '):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
    assert requests.get(f"{server.url}/ping", timeout=10).status_code == 200


def test_a_declared_length_beyond_all_bounds(server: RunningServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head % (1 << 50))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_the_server_lives_on(server: RunningServer) -> None:
    def bodies() -> Iterator[dict[str, str]]:
        for number in range(3):
            yield {"type": "python", "solution": f"print({number})", "expected_output": str(number)}

    for body in bodies():
        assert requests.post(f"{server.url}/judge", json=body, timeout=60).json()["success"]
