"""An OpenAI-compatible endpoint that answers with messages, those that call tools included."""

from __future__ import annotations

from collections.abc import Callable

from ..evaluation.scripted_server import Body, ScriptedServer


class ScriptedEndpoint(ScriptedServer):
    """`answer(body)` gives the assistant's message, or None for a request that is refused."""

    def __init__(self, answer: Callable[[Body], Body | None]) -> None:
        def told(_: int, body: Body) -> tuple[int, Body]:
            message = answer(body)
            if message is None:
                return 400, {"error": {"message": "too long"}}
            return 200, completion(body, message)

        super().__init__(told)


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
