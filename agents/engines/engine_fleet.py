"""Several servers of one model as one engine that loses no message.

An episode stays with the server that holds its prefix, moves when that server is away, and goes on where an
engine broke off. All attempts and pauses for one message share one deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from .backoff import Backoff
from .circuit_breaker import BreakerState
from .engine_error import BadAnswerError, EngineError, LostError, UnavailableError
from .engine_server import AwayError, BusyError, EngineServer
from .engine_wire import EngineAnswer, EngineWire, GenerateRequest
from .fleet_limits import FleetLimits
from .fleet_stats import FleetStats
from .partial_answer import PartialAnswer
from .sticky_router import StickyRouter
from .time_budget import TimeBudget
from .transport import Transport


class EngineFleet:
    """Samples messages on the servers of one model. It belongs to the event loop that uses it first."""

    def __init__(
        self,
        urls: Sequence[str],
        wire: EngineWire,
        *,
        api_key: str | None = None,
        limits: FleetLimits | None = None,
    ) -> None:
        """Opens no connection yet.

        Args:
            urls: The servers, with or without `/v1`.
            wire: Their protocol.
            api_key: The key, where they want one.
            limits: Bounds on time, attempts and sizes.

        Raises:
            ValueError: If there is no URL, or one is none.
        """
        self.limits = limits or FleetLimits()
        self.transport = Transport(self.limits, api_key)
        self.wire = wire
        self._servers = {
            url: EngineServer(url, wire, self.transport, self.limits) for url in _checked_urls(urls)
        }
        self._router = StickyRouter()
        self._counts = FleetStats()

    @property
    def servers(self) -> tuple[EngineServer, ...]:
        """The servers, in the order they were given."""
        return tuple(self._servers.values())

    async def generate(self, request: GenerateRequest, *, episode: str) -> EngineAnswer:
        """Samples one message to its end; its `finish_reason` is never `abort`.

        Args:
            request: What to sample; its id only starts the ids of the attempts.
            episode: Stable over the turns of one episode, for routing and for the order of service.

        Raises:
            EngineError: If no server gave an answer within the limits, or one refused the request.
        """
        return await _Message(self, self._servers, self._router, request, episode).sample()

    def stats(self) -> FleetStats:
        """What was done so far, and what runs now."""
        servers = self._servers.values()
        return replace(
            self._counts,
            aborts=sum(server.aborts for server in servers),
            open_breakers=tuple(s.url for s in servers if s.breaker is not BreakerState.CLOSED),
            in_flight={server.url: server.gate.in_flight for server in servers},
            waiting={server.url: server.gate.waiting for server in servers},
        )

    def count(self, **more: int) -> None:
        """Adds to the counts of `stats`."""
        self._counts = replace(
            self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()}
        )

    async def close(self) -> None:
        """Ends aborts on their way within their deadline and closes the connections; idempotent."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Message:
    """One message on its way through the fleet."""

    def __init__(
        self,
        fleet: EngineFleet,
        servers: dict[str, EngineServer],
        router: StickyRouter,
        request: GenerateRequest,
        episode: str,
    ) -> None:
        self._fleet, self._servers, self._router = fleet, servers, router
        self._episode = episode
        self._limits = fleet.limits
        self._id = request.id
        self._partial = PartialAnswer(request)
        self._budget = TimeBudget(self._limits.deadline)
        self._backoff = Backoff(self._limits.pause_first, self._limits.pause_most)
        self._answered = 0
        """Failures of servers that did answer."""
        self._avoid = ""
        self._last = ""
        self._retries = False

    async def sample(self) -> EngineAnswer:
        while True:
            server = await self._choose()
            try:
                answer = await self._ask(server)
            except AwayError as error:
                self._last = str(error)
            except (LostError, BusyError, BadAnswerError) as error:
                await self._recover(server, error)
            else:
                whole = self._partial.add(answer)
                if whole is not None:
                    return self._counted(whole)
                await self._go_on(answer)

    async def _choose(self) -> EngineServer:
        """The server of the episode, or another when that one is away or has just failed."""
        while True:
            loads = {url: server.load for url, server in self._servers.items() if server.away is None}
            if len(loads) > 1:
                loads.pop(self._avoid, None)
            if loads:
                before = self._router.seated(self._episode)
                chosen = self._router.choose(self._episode, loads)
                self._fleet.count(failovers=int(before not in (None, chosen)))
                return self._servers[chosen]
            async with self._spending():
                away = [server.away for server in self._servers.values() if server.away is not None]
                await asyncio.wait(away, return_when=asyncio.FIRST_COMPLETED)

    async def _ask(self, server: EngineServer) -> EngineAnswer:
        order, seconds = self._router.order(self._episode), self._limits.queue_seconds
        try:
            async with asyncio.timeout(seconds) as queue, server.gate.slot(order):
                queue.reschedule(None)
                if server.away is not None:
                    raise AwayError(f"{server.url} is away")
                self._fleet.count(requests=1, retries=int(self._retries))
                async with self._spending():
                    return await server.generate(self._partial.request(f"{self._id}-{uuid4().hex[:12]}"))
        except TimeoutError as error:
            raise UnavailableError(f"{server.url}: no free slot within {seconds:g} s") from error

    async def _recover(self, server: EngineServer, error: EngineError) -> None:
        """Pauses before the next attempt, or gives up."""
        self._retries, self._last = True, str(error)
        self._avoid = "" if isinstance(error, BusyError) and error.overloaded else server.url
        answered = isinstance(error, BadAnswerError) or (isinstance(error, BusyError) and not error.not_there)
        if answered:
            self._answered += 1
            if self._answered >= self._limits.attempts:
                raise UnavailableError(f"{self._answered} attempts failed; the last one: {error}") from error
        async with self._spending():
            await asyncio.sleep(self._backoff.pause())

    async def _go_on(self, answer: EngineAnswer) -> None:
        """Asks for the rest of a message that was broken off; waits first when that gave nothing new."""
        self._fleet.count(resumed=1)
        self._retries, self._last = False, "the engine broke the message off"
        if answer.token_ids:
            self._backoff = Backoff(self._limits.pause_first, self._limits.pause_most)
            return
        async with self._spending():
            await asyncio.sleep(self._backoff.pause())

    @asynccontextmanager
    async def _spending(self) -> AsyncIterator[None]:
        try:
            async with self._budget.running():
                yield
        except TimeoutError as error:
            last = f"; the last attempt: {self._last}" if self._last else ""
            raise UnavailableError(
                f"{', '.join(self._servers)}: no answer within {self._limits.deadline:g} s{last}"
            ) from error

    def _counted(self, whole: EngineAnswer) -> EngineAnswer:
        self._fleet.count(
            messages=1,
            prompt_tokens=whole.prompt_tokens,
            cached_tokens=whole.cached_tokens,
            completion_tokens=len(whole.token_ids),
        )
        return whole


def _checked_urls(urls: Sequence[str]) -> list[str]:
    checked = [url.strip().rstrip("/").removesuffix("/v1") for url in urls]
    for url in checked:
        if not _is_url(url):
            raise ValueError(f"--base-url {url!r} is no URL; use a form such as http://127.0.0.1:30000")
    if not checked:
        raise ValueError("no server is given; use --base-url URL[,URL...]")
    return list(dict.fromkeys(checked))


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
