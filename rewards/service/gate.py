"""What every request passes first: the key, the bounds of its body, and the end of its client.

A body is taken in whole, within a bound of its own and one of all bodies together, before anything is made of
it. When the client goes away, what is done for it is cancelled.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from .service_metrics import ServiceMetrics
from .service_settings import ServiceSettings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
_OPEN_PATHS = frozenset({"/ping", "/v1/ping"})
_RETRY_SECONDS = "5"


class Gate:
    """An ASGI application around another one.

    Args:
        app: The application.
        settings: The key and the bounds.
        metrics: Where answers are counted.
    """

    def __init__(self, app: App, settings: ServiceSettings, metrics: ServiceMetrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one connection; see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        try:
            await self._answer(exchange)
        finally:
            self._held -= exchange.size
            if exchange.code:
                self._metrics.requests.labels(exchange.route, str(exchange.code)).inc()

    async def _answer(self, exchange: _Exchange) -> None:
        if not self._may_enter(exchange):
            await exchange.refuse(401, "send the key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'")
            return
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                problem = await self._take_body(exchange)
        except TimeoutError:
            await exchange.refuse(
                408, f"the request took more than {self._settings.body_seconds:g} s to arrive"
            )
            return
        if problem is not None:
            await exchange.refuse(*problem)
        elif not exchange.gone:
            await exchange.pass_to(self._app)

    def _may_enter(self, exchange: _Exchange) -> bool:
        key = self._settings.api_key
        if key is None or exchange.scope["path"] in _OPEN_PATHS:
            return True
        expected = key.get_secret_value().encode()
        return any(hmac.compare_digest(shown, expected) for shown in _keys(exchange.headers))

    async def _take_body(self, exchange: _Exchange) -> tuple[int, str] | None:
        """Takes the body in, or says why not."""
        limit = self._settings.body_bytes
        too_large = 413, f"the request has more than {limit} bytes"
        announced = exchange.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            return too_large
        async for chunk in exchange.chunks():
            if exchange.size + len(chunk) > limit:
                return too_large
            if self._held + len(chunk) > self._settings.bodies_bytes:
                return 503, "too many bytes of requests are being worked on; try again later"
            exchange.take(chunk)
            self._held += len(chunk)
        return None


class _Exchange:
    """One request with its answer."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.size = 0
        self.code = 0
        self.gone = False
        self._chunks: list[bytes] = []
        self._receive = receive
        self._send = send

    @property
    def route(self) -> str:
        """The path of the route; not what strangers asked for, which may be anything."""
        return getattr(self.scope.get("route"), "path", "none")

    def take(self, chunk: bytes) -> None:
        """Keeps a part of the body."""
        self._chunks.append(chunk)
        self.size += len(chunk)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                return
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def refuse(self, code: int, why: str) -> None:
        """Answers with an error, and has the connection closed, since the body was not read."""
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        if code == 503:
            headers.append((b"retry-after", _RETRY_SECONDS.encode()))
        if code == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        body = json.dumps({"detail": why}).encode()
        await self.send({"type": "http.response.start", "status": code, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def pass_to(self, app: App) -> None:
        """Lets the application answer, unless the client goes away."""
        body, self._chunks = b"".join(self._chunks), []
        ended = asyncio.Event()
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        answer = asyncio.ensure_future(app(self.scope, receive, self.send))
        leaving = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                ended.set()
                answer.cancel()
            await asyncio.wait([answer])
            if not answer.cancelled():
                answer.result()
        finally:
            for task in (answer, leaving):
                task.cancel()

    async def send(self, message: Message) -> None:
        """Sends a part of the answer."""
        if message["type"] == "http.response.start":
            self.code = message["status"]
        await self._send(message)


def _keys(headers: dict[bytes, bytes]) -> list[bytes]:
    """What the client shows: a header of its own, a bearer token, or the password of a URL."""
    shown = [headers.get(b"x-api-key", b"")]
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        shown.append(value.strip())
    elif scheme.lower() == b"basic":
        try:
            shown.append(base64.b64decode(value, validate=True).partition(b":")[2])
        except (binascii.Error, ValueError):
            return shown
    return shown
