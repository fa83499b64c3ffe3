"""An OpenAI-compatible server in a thread: it lists one model, may want a key, and answers by a function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Body = dict[str, Any]
Answer = str | tuple[int, Body]
"""The message's text, or status and body of another answer."""


class ScriptedServer(ThreadingHTTPServer):
    """Counts the requests for messages; `answer(number, body)` may raise nothing."""

    def __init__(
        self, answer: Callable[[int, Body], Answer], *, key: str | None = None, usage: bool = True
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.asked: list[Body] = []
        self.answer, self.key, self.usage = answer, key, usage
        self.lock = threading.Lock()

    @contextmanager
    def serving(self) -> Iterator[Self]:
        thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()

    def completion(self, text: str) -> Body:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        made: Body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        if self.usage:
            made["usage"] = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        return made


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_GET(self) -> None:
        if self._allowed():
            self._send(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self._allowed():
            return
        with self.server.lock:
            self.server.asked.append(body)
            number = len(self.server.asked)
        made = self.server.answer(number, body)
        self._send(*((200, self.server.completion(made)) if isinstance(made, str) else made))

    def _allowed(self) -> bool:
        if not self.path.startswith(("/v1/models", "/v1/chat/completions")):
            self._send(404, {"error": {"message": "no such path"}})
            return False
        wanted = self.server.key
        if wanted is None or self.headers.get("authorization") == f"Bearer {wanted}":
            return True
        self._send(401, {"error": {"message": "wrong key"}})
        return False

    def _send(self, status: int, body: Body) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("retry-after-ms", "5")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass
