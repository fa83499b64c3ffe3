"""The bounds of requests, at their edges: how much, and how long they take to arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from replgym.rewards.service.gate import Gate, Message
from replgym.rewards.service.service_metrics import ServiceMetrics
from replgym.rewards.service.service_settings import ServiceSettings

Receive = Callable[[], Awaitable[Message]]
SCOPE = {"type": "http", "path": "/run", "headers": []}


async def echo(scope: Message, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
    """Answers with the length of the body."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % len(message["body"])})


async def never(scope: Message, receive: Receive, send: Any) -> None:
    """Works until it is cancelled, and counts that."""
    try:
        await asyncio.Event().wait()
    finally:
        scope["ended"].append(True)


class Client:
    """Sends chunks and then leaves, or stays; keeps what it is answered."""

    def __init__(self, *chunks: bytes, stays: bool = True, complete: bool = True) -> None:
        self._chunks = list(chunks)
        self._stays = stays
        self._complete = complete
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        if self._chunks:
            chunk = self._chunks.pop(0)
            return {
                "type": "http.request",
                "body": chunk,
                "more_body": bool(self._chunks) or not self._complete,
            }
        if self._stays:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])


def gate(app: Any = echo, **settings: Any) -> Gate:
    return Gate(app, ServiceSettings(**settings), ServiceMetrics())


async def test_a_body_in_pieces_arrives_whole() -> None:
    client = Client(b"x" * 600, b"", b"y" * 424)
    await gate(body_bytes=1024)(dict(SCOPE), client.receive, client.send)
    assert (client.status, client.answer[1]["body"]) == (200, b"1024")


async def test_one_byte_too_many() -> None:
    client = Client(b"x" * 600, b"y" * 425)
    await gate(body_bytes=1024)(dict(SCOPE), client.receive, client.send)
    assert client.status == 413


async def test_a_body_that_never_ends() -> None:
    client = Client(b"x", complete=False)
    await gate(body_seconds=0.01)(dict(SCOPE), client.receive, client.send)
    assert client.status == 408


async def test_all_bodies_together_have_a_bound_that_is_given_back() -> None:
    made = gate(body_bytes=1024, bodies_bytes=1500)
    first = Client(b"x" * 1000, complete=False)
    task = asyncio.create_task(made(dict(SCOPE), first.receive, first.send))
    await asyncio.sleep(0)
    second = Client(b"x" * 1000)
    await made(dict(SCOPE), second.receive, second.send)
    assert second.status == 503
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    third = Client(b"x" * 1000)
    await made(dict(SCOPE), third.receive, third.send)
    assert third.status == 200


async def test_a_client_that_leaves_cancels_the_work() -> None:
    ended: list[bool] = []
    client = Client(b"x", stays=False)
    await gate(never)({**SCOPE, "ended": ended}, client.receive, client.send)
    assert ended == [True]
    assert client.answer == []


async def test_a_client_that_leaves_before_its_body_is_there_is_not_worked_for() -> None:
    ended: list[bool] = []
    client = Client(b"x", stays=False, complete=False)
    await gate(never)({**SCOPE, "ended": ended}, client.receive, client.send)
    assert (ended, client.answer) == ([], [])
