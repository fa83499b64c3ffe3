"""Stands between a policy and an engine, and keeps every question and answer as they went over the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as JSON."""

    path: str
    asked: Any
    answered: Any


class RecordingProxy:
    """Passes everything on unchanged; one that hangs up here hangs up there."""

    def __init__(self, target: str) -> None:
        self.exchanges: list[Exchange] = []
        self.url = ""
        self._target = target

    def seen(self, path: str) -> list[Exchange]:
        """The exchanges on one path, in the order of the answers."""
        return [exchange for exchange in self.exchanges if exchange.path == path]

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {"content-type": request.content_type} if body else {}
        async with self._client.request(
            request.method, f"{self._target}{request.path_qs}", data=body or None, headers=headers
        ) as answer:
            text = await answer.read()
            self.exchanges.append(Exchange(request.path, _parsed(body), _parsed(text)))
            return web.Response(status=answer.status, body=text, content_type=answer.content_type)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
