"""Sets are fetched from whatever speaks as the hub does: here a server of our own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants

from replgym.envs import Task
from replgym.envs.task_sources import TASK_SOURCES, HubError, read

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "main/train-00000-of-00002.jsonl": [{"question": "1+1?", "answer": "#### 2"}],
    "main/train-00001-of-00002.jsonl": [{"question": "2+2?", "answer": "#### 4"}],
    "README.md": [],
}
CONTENT = {name: "".join(json.dumps(row) + "\n" for row in rows).encode() for name, rows in FILES.items()}


class Hub(BaseHTTPRequestHandler):
    asked: list[str]

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        place = self.path.partition("?")[0]
        name = place.removeprefix(f"/datasets/openai/gsm8k/resolve/{COMMIT}/")
        if place in ("/api/datasets/openai/gsm8k/revision/main", "/api/datasets/openai/gsm8k"):
            siblings = [{"rfilename": name} for name in CONTENT]
            self.reply(json.dumps({"id": "openai/gsm8k", "sha": COMMIT, "siblings": siblings}).encode())
        elif name in CONTENT:
            self.reply(CONTENT[name])
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    Hub.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield Hub.asked
        server.shutdown()


def answers(split: str) -> Iterator[str]:
    splits = {"train": ("main/train-*.jsonl",), "dev": ("dev*",)}
    for found in read(replace(TASK_SOURCES["gsm8k"], splits=splits), split=split):
        assert isinstance(found, Task)
        yield found.reference or ""


def test_files_are_fetched_when_their_turn_comes_and_only_once(hub: list[str]) -> None:
    rows = answers("train")
    assert next(rows) == "print(2)"
    assert not any("00001" in line for line in hub if line.startswith("GET /datasets"))
    assert next(rows) == "print(4)"
    hub.clear()
    assert list(answers("train")) == ["print(2)", "print(4)"]
    assert not any(line.startswith("GET /datasets") for line in hub)


def test_a_split_without_files_and_an_unknown_set_are_told(hub: list[str]) -> None:
    with pytest.raises(HubError, match="openai/gsm8k at main has no file that matches dev"):
        list(answers("dev"))
    with pytest.raises(HubError, match=r"evalplus/mbppplus cannot be fetched .* give a local path"):
        list(read(TASK_SOURCES["mbpp+"]))
