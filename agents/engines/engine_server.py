"""One server of a fleet: its slots, its breaker, and what its answers mean for the next attempt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import replace

from .circuit_breaker import BreakerState, CircuitBreaker
from .engine_error import BadAnswerError, EngineError, LostError, RefusedError
from .engine_wire import EngineAnswer, EngineWire, GenerateRequest
from .fleet_limits import FleetLimits
from .slot_gate import SlotGate
from .transport import HttpAnswer, Transport

_HEALTH_SECONDS = 5.0
_RETRIED = (408, 425, 429)
_NOT_THERE = (429, 502, 503, 504)
_TOO_LONG = re.compile(r"longer than|too long|maximum context|context length|max_model_len|exceeds", re.I)


class BusyError(EngineError):
    """The server is overloaded or broken; another attempt may do better."""

    def __init__(self, message: str, status: int, retry_after: float | None) -> None:
        super().__init__(message)
        self.overloaded = status == 429 or (status == 503 and retry_after is not None)
        self.not_there = status in _NOT_THERE
        """Whether it only wants to be asked later; nothing is wrong with the request."""
        self.retry_after = retry_after


class AwayError(EngineError):
    """The server was given up while the request waited for a slot."""


class EngineServer:
    """Sends requests to one server, and knows whether it can be used."""

    def __init__(self, url: str, wire: EngineWire, transport: Transport, limits: FleetLimits) -> None:
        """Takes the server for healthy."""
        self.url = url
        self.gate = SlotGate(limits.slots)
        self.aborts = 0
        self._wire = wire
        self._transport = transport
        self._limits = limits
        self._breaker = CircuitBreaker(
            failures=limits.breaker_failures, seconds=limits.breaker_seconds, most=limits.breaker_most
        )
        self._takes_stop_texts = True
        self._background: set[asyncio.Task[None]] = set()
        self.away: asyncio.Task[None] | None = None
        """Done when the server can be used again; None while it can."""

    @property
    def load(self) -> int:
        """Requests that run or wait here."""
        return self.gate.in_flight + self.gate.waiting

    @property
    def breaker(self) -> BreakerState:
        """Whether the server is left alone."""
        return self._breaker.state

    async def generate(self, request: GenerateRequest) -> EngineAnswer:
        """Sends one request; the caller holds a slot.

        Raises:
            RefusedError: If asking again would change nothing.
            ExactnessError: If the answer does not fit the request.
            LostError: If there was no answer.
            BusyError: If the server is overloaded or broken.
            BadAnswerError: If the answer has not the shape of the protocol.
        """
        try:
            return await self._generate(request)
        except RefusedError as error:
            refused = request.sampling.stop and self._wire.refuses_stop_texts(str(error))
            if not (refused and error.status == 400):
                raise
            self._takes_stop_texts = False
        return await self._generate(request)

    async def is_healthy(self) -> bool:
        """Asks the server whether it is ready; one that has no such route but answers is."""
        try:
            answer = await self._transport.ask(self.url, self._wire.health(), _HEALTH_SECONDS)
        except (LostError, BadAnswerError):
            return False
        return answer.status < 500

    async def close(self) -> None:
        """Waits for the aborts that are on their way and stops looking after the server; idempotent."""
        if self.away is not None:
            self.away.cancel()
            await asyncio.wait([self.away])
        if self._background:
            await asyncio.wait(self._background)

    async def _generate(self, request: GenerateRequest) -> EngineAnswer:
        if not self._takes_stop_texts:
            request = replace(request, sampling=replace(request.sampling, stop=()))
        try:
            answer = await self._transport.ask(self.url, self._wire.generate(request))
            self._raise_for(answer)
            made = self._wire.read_generate(request, answer.json())
        except asyncio.CancelledError:
            self._take_back(request)
            raise
        except LostError as error:
            if error.reached:
                self._take_back(request)
            self._failed()
            raise
        except BusyError as error:
            self._rest(error)
            raise
        except BadAnswerError:
            self._failed()
            raise
        self._breaker.succeeded()
        return made

    def _raise_for(self, answer: HttpAnswer) -> None:
        status, said = answer.status, f"{self.url} answers HTTP {answer.status}: {answer.message}"
        if status == 200:
            return
        if status in _RETRIED or status >= 500:
            raise BusyError(said, status, answer.retry_after)
        if status in (401, 403):
            raise RefusedError(f"{self.url} refuses the key (HTTP {status}): {answer.message}", status)
        if status == 413 or (status in (400, 422) and _TOO_LONG.search(answer.message)):
            raise RefusedError(f"the input is too long for the engine: {said}", status)
        raise RefusedError(f"{said}; is it a server of {self._wire.name}?" if status == 404 else said, status)

    def _rest(self, error: BusyError) -> None:
        """An overloaded server is left alone for as long as it says; a broken one counts as a failure."""
        if not error.overloaded:
            self._failed()
        elif error.retry_after and self.away is None:
            self._leave(asyncio.sleep(min(error.retry_after, self._limits.deadline)), str(error))

    def _failed(self) -> None:
        self._breaker.failed()
        if self._breaker.state is BreakerState.OPEN and self.away is None:
            self._leave(self._revive(), f"{self.url} failed too often")

    def _leave(self, until: Coroutine[None, None, None], why: str) -> None:
        """Sends nothing here until something has come; those who wait for a slot go elsewhere."""
        self.away = asyncio.create_task(until)
        self.away.add_done_callback(self._back)
        self.gate.turn_away(lambda: AwayError(why))

    def _back(self, task: asyncio.Task[None]) -> None:
        self.away = None
        if not task.cancelled() and self._breaker.state is BreakerState.OPEN:
            self._leave(self._revive(), f"{self.url} failed too often")

    async def _revive(self) -> None:
        while self._breaker.state is not BreakerState.CLOSED:
            await asyncio.sleep(self._breaker.seconds_to_probe)
            if self._breaker.probe():
                self._breaker.probed(await self.is_healthy())

    def _take_back(self, request: GenerateRequest) -> None:
        """Tells the engine in the background; the slot here is free at once."""
        self.aborts += 1
        call = self._wire.abort(request.id)
        if call is None:
            return

        async def tell() -> None:
            try:
                await self._transport.ask(self.url, call, self._limits.abort_seconds)
            except EngineError:
                return  # a server that is gone samples nothing

        task = asyncio.create_task(tell())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
