"""The engines that one suite tests, what each can do, and policies over those that run.

What an engine lacks is written in `ENGINES`; a case is tried on exactly the engines that can do what it is
about, and no case is left out in any other way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
import pytest

from replgym.agents.engines import FleetLimits, ScriptedEngine
from replgym.agents.policies.openai_policy import OpenAIPolicy
from replgym.agents.policies.policy import Policy
from replgym.agents.policies.sglang_policy import SGLangPolicy
from replgym.agents.policies.transformers_policy import TransformersPolicy
from replgym.agents.policies.vllm_policy import VLLMPolicy

from .reference_model import CONTEXT, ReferenceModel

SLOTS = 16
"""Requests that every engine serves at once."""
SGLANG_MARGIN = 6
"""Ids of its context that SGLang never fills."""
FleetPolicy = type[SGLangPolicy] | type[VLLMPolicy]
QUICK = FleetLimits(deadline=60.0, pause_first=0.01, pause_most=0.2, breaker_seconds=0.05, breaker_most=0.5)


class Can(StrEnum):
    """What an engine can do, as far as it is tested."""

    TEXTS = "answers with the text of the weights"
    TOKEN_IDS = "takes and gives token ids"
    LOGPROBS = "gives the log-probability of each sampled id"
    SEEDS = "repeats a sample for the same seed"
    SERVES = "is a server of its own, which may die"
    COUNTS = "stops a message that nobody waits for before its end, as its count of ids shows"


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One kind of engine."""

    name: str
    can: frozenset[Can]
    longest_prompt: int = CONTEXT - 1
    """The most ids of a prompt that leave room for an answer."""


def _kind(name: str, *lacks: Can, longest_prompt: int = CONTEXT - 1) -> EngineKind:
    return EngineKind(name, frozenset(Can) - set(lacks), longest_prompt)


ENGINES = {
    kind.name: kind
    for kind in (
        # Seeds need --enable-deterministic-inference, which no attention kernel for CPUs has.
        _kind("sglang", Can.SEEDS, longest_prompt=CONTEXT - SGLANG_MARGIN - 1),
        _kind("vllm"),
        # llama.cpp looks once a second who is still there; the small model has said it all by then.
        _kind("openai", Can.TOKEN_IDS, Can.LOGPROBS, Can.COUNTS),
        _kind("transformers", Can.SERVES, Can.COUNTS),
        # A script says what the reference says, and has no probabilities.
        _kind("scripted-sglang", Can.LOGPROBS, Can.SEEDS, longest_prompt=CONTEXT - SGLANG_MARGIN - 1),
        _kind("scripted-vllm", Can.LOGPROBS, Can.SEEDS),
    )
}
FLEETS: dict[str, FleetPolicy] = {"sglang": SGLangPolicy, "vllm": VLLMPolicy}


def engines_that(*can: Can) -> pytest.MarkDecorator:
    """Tries a case on all engines that can do this."""
    return pytest.mark.parametrize(
        "engine",
        [
            pytest.param(name, marks=pytest.mark.xdist_group(f"engine {name}"))
            for name, kind in ENGINES.items()
            if kind.can >= set(can)
        ],
        indirect=True,
    )


@dataclass(frozen=True, slots=True)
class EngineUnderTest:
    """An engine that runs and serves the reference model."""

    kind: EngineKind
    reference: ReferenceModel
    open: Callable[[], AbstractAsyncContextManager[Policy]]
    """A policy over it, ready for use, closed at the end."""
    running: Callable[[], Awaitable[int]]
    """How many requests it has, waiting ones included."""
    sampled: Callable[[], Awaitable[int]]
    """How many ids it has sampled so far; 0 for one that does not count."""
    url: str = ""
    """Where it listens, if it does."""

    def can(self, *what: Can) -> bool:
        return self.kind.can >= set(what)


def fleet_policy(
    kind: str, reference: ReferenceModel, urls: Sequence[str], limits: FleetLimits | None = None
) -> SGLangPolicy | VLLMPolicy:
    """A policy over servers of one kind."""
    policy = FLEETS[kind.removeprefix("scripted-")]
    return policy(reference.template, urls, name=kind, limits=limits or QUICK)


@asynccontextmanager
async def opened(policy: Any) -> AsyncIterator[Policy]:
    """Checks that the policy can be used, and closes it at the end."""
    try:
        await policy.check()
        yield policy
    finally:
        await policy.close()


def served(kind: str, reference: ReferenceModel, url: str) -> EngineUnderTest:
    """An engine behind a URL."""

    def policy() -> AbstractAsyncContextManager[Policy]:
        if kind == "openai":
            return opened(OpenAIPolicy("reference", f"{url}/v1", retries=0))
        return opened(fleet_policy(kind, reference, [url]))

    return EngineUnderTest(
        ENGINES[kind],
        reference,
        policy,
        running=lambda: _RUNNING[kind](url),
        sampled=lambda: _metric(url, _SAMPLED[kind]),
        url=url,
    )


def embedded(reference: ReferenceModel, policy: TransformersPolicy) -> EngineUnderTest:
    """The engine in this process, which outlives every test."""

    @asynccontextmanager
    async def open_policy() -> AsyncIterator[Policy]:
        yield policy

    async def running() -> int:
        return policy.generator.running

    async def sampled() -> int:
        return 0

    return EngineUnderTest(ENGINES["transformers"], reference, open_policy, running, sampled)


def scripted(kind: str, reference: ReferenceModel, engine: ScriptedEngine) -> EngineUnderTest:
    """An engine without a model, in the event loop of one test."""

    async def running() -> int:
        return engine.running

    async def sampled() -> int:
        return int(engine.busy_seconds / engine.token_seconds)

    def policy() -> AbstractAsyncContextManager[Policy]:
        return opened(fleet_policy(kind, reference, [engine.url]))

    return EngineUnderTest(ENGINES[kind], reference, policy, running, sampled, engine.url)


async def _json(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


async def running_in_sglang(url: str) -> int:
    """Requests of a server, waiting ones included."""
    (load,) = (await _json(f"{url}/v1/loads"))["loads"]
    return int(load["num_running_reqs"] + load["num_waiting_reqs"])


async def _running_in_vllm(url: str) -> int:
    running = await _metric(url, "vllm:num_requests_running")
    return running + await _metric(url, "vllm:num_requests_waiting")


async def _running_in_llama(url: str) -> int:
    running = await _metric(url, "llamacpp:requests_processing")
    return running + await _metric(url, "llamacpp:requests_deferred")


async def _metric(url: str, name: str) -> int:
    """The sum of a metric over its labels."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    found = [line for line in lines if line.startswith((f"{name}{{", f"{name} "))]
    assert found, f"{url}/metrics has no {name}"
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in found)


_RUNNING: dict[str, Callable[[str], Awaitable[int]]] = {
    "sglang": running_in_sglang,
    "vllm": _running_in_vllm,
    "openai": _running_in_llama,
}
_SAMPLED = {
    "sglang": "sglang:generation_tokens_total",
    "vllm": "vllm:generation_tokens_total",
    "openai": "llamacpp:tokens_predicted_total",
}
