"""An OpenAI-compatible endpoint that answers as a function says, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


class ScriptedEndpoint:
    """`answer(body)` gives the assistant's message, or None for a request that is refused."""

    def __init__(self, answer: Callable[[Body], Body | None]) -> None:
        self.url = ""
        self.asked: list[Body] = []
        self._answer = answer

    @contextmanager
    def serving(self) -> Iterator[ScriptedEndpoint]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.asked.append(body)
                message = endpoint._answer(body)
                made = {"error": {"message": "too long"}} if message is None else completion(body, message)
                text = json.dumps(made).encode()
                self.send_response(400 if message is None else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def completion(body: Body, message: Body) -> Body:
    choice = {
        "index": 0,
        "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
        "message": {"role": "assistant", "content": None, **message},
    }
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }


def turn_of(body: Body) -> int:
    return sum(message["role"] == "assistant" for message in body["messages"])
