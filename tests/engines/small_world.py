"""What the tests of engines share: a tokenizer, policies over scripted servers, and servers that fail."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import web

from replgym.agents import tiny_model
from replgym.agents.engines import (
    EngineFleet,
    FleetLimits,
    GenerateRequest,
    ScriptedEngine,
    SGLangWire,
    VLLMWire,
)
from replgym.agents.policies.policy import PolicyContext, Sampling
from replgym.agents.policies.sglang_policy import SGLangPolicy
from replgym.agents.policies.vllm_policy import VLLMPolicy
from replgym.agents.tokens.chat_template import ChatTemplate

from ..agents.tiny_models import CORPUS

WIRES = {"sglang": SGLangWire(), "vllm": VLLMWire()}
POLICIES = {"sglang": SGLangPolicy, "vllm": VLLMPolicy}
VOCABULARY = 400
END = 1
QUICK = FleetLimits(
    pause_first=0.001, pause_most=0.01, breaker_seconds=0.01, breaker_most=0.05, deadline=30.0, attempts=4
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


@functools.cache
def template() -> ChatTemplate:
    return ChatTemplate(tiny_model.train_tokenizer(CORPUS, VOCABULARY))


def engine(**options: Any) -> ScriptedEngine:
    made = {"vocabulary": VOCABULARY, "end_of_turn": END, **options}
    return ScriptedEngine(made.pop("script", None), **made)


def context(episode: str = "e", text: str = "go") -> PolicyContext:
    messages = [{"role": "user", "content": text}]
    return PolicyContext(messages, episode, prompt_ids=tuple(template().initial(messages)))


def request(*prompt: int, **sampling: Any) -> GenerateRequest:
    return GenerateRequest("r", prompt or (5, 6, 7), Sampling(**sampling), (END,), VOCABULARY)


class Faults:
    """A middleware: every request to sample meets the next fault, and none when all are used up."""

    def __init__(self, *faults: Fault) -> None:
        self.left = list(faults)

    @property
    def middleware(self) -> Any:
        @web.middleware
        async def meet(http: web.Request, handler: Handler) -> web.StreamResponse:
            sampling = http.path in ("/generate", "/v1/completions")
            if sampling and self.left:
                return await self.left.pop(0)(http, handler)
            return await handler(http)

        return meet


def status(code: int, text: str = "{}", **headers: str) -> Fault:
    async def fail(http: web.Request, handler: Handler) -> web.StreamResponse:
        await http.read()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text=text, headers=named)

    return fail


async def let_through(http: web.Request, handler: Handler) -> web.StreamResponse:
    """No fault."""
    return await handler(http)


async def hang_up(http: web.Request, handler: Handler) -> web.StreamResponse:
    """Closes the connection before it answers."""
    assert http.transport is not None
    http.transport.abort()
    return web.Response()


async def cut_off(http: web.Request, handler: Handler) -> web.StreamResponse:
    """Closes the connection in the middle of the answer."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(http)
    await answer.write(b'{"output_ids": [')
    assert http.transport is not None
    http.transport.abort()
    return answer


async def drip(http: web.Request, handler: Handler) -> web.StreamResponse:
    """Sends one byte after the other, and never comes to an end."""
    answer = web.StreamResponse()
    await answer.prepare(http)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.01)


async def hang(http: web.Request, handler: Handler) -> web.StreamResponse:
    """Takes the request and says nothing."""
    await http.read()
    await asyncio.sleep(3600)
    return web.Response()


async def flood(http: web.Request, handler: Handler) -> web.StreamResponse:
    """Sends more than anybody wants to hold."""
    answer = web.StreamResponse()
    await answer.prepare(http)
    while True:
        await answer.write(b"9" * 100_000)


@asynccontextmanager
async def fleet_of(
    *engines: ScriptedEngine, wire: Any, limits: FleetLimits = QUICK
) -> AsyncIterator[EngineFleet]:
    async with AsyncExitStack() as stack:
        for each in engines:
            await stack.enter_async_context(each)
        yield await stack.enter_async_context(EngineFleet([e.url for e in engines], wire, limits=limits))


def faulty(*faults: Fault, **options: Any) -> ScriptedEngine:
    return engine(middlewares=[Faults(*faults).middleware], **options)


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what must come; the test's own limit on time ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.001)


def planned(ids: Sequence[int], prompt_length: int) -> Callable[[tuple[int, ...], int], Sequence[int]]:
    """A script that samples `ids` after a prompt, also when it goes on from the middle of them."""
    return lambda prompt, _: ids[len(prompt) - prompt_length :]
