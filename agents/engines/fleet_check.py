"""Whether servers can be used, and what they serve, before a run depends on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ..policies.endpoint_error import EndpointError
from ..policies.policy import Sampling
from ..tokens.chat_template import ChatTemplate
from .engine_error import BadAnswerError, EngineError, LostError, RefusedError
from .engine_fleet import EngineFleet
from .engine_server import EngineServer
from .engine_wire import EngineAnswer, EngineCall, GenerateRequest
from .transport import HttpAnswer

_SECONDS = 10.0
_SAMPLE_SECONDS = 120.0
"""The first message of a server may wait for its kernels to be compiled."""
_SAMPLE_TEXT = "def f(x):\n    return x ** 2  # Größe 😊 12345"
_SAME = 0.02
_HOT, _COLD = 2.0, 0.02


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """What servers say of themselves; the defaults hold before they were asked."""

    model: str | None = None
    context_tokens: int | None = None
    scaled_logprobs: bool = True
    """Whether logprobs are those of the distribution that was sampled from, temperature included."""


class FleetCheck:
    """Asks every server of a fleet."""

    def __init__(self, fleet: EngineFleet, template: ChatTemplate, model: str | None) -> None:
        self._fleet = fleet
        self._template = template
        self._model = model

    async def run(self) -> FleetFacts:
        """The facts that hold for all servers.

        Raises:
            EndpointError: If one of them cannot be used.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._server(server)) for server in self._fleet.servers]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        facts = [task.result() for task in tasks]
        if len({fact.model for fact in facts}) > 1:
            names = ", ".join(sorted(str(fact.model) for fact in facts))
            raise EndpointError(f"the servers serve different models ({names}); give one with --model")
        windows = [fact.context_tokens for fact in facts if fact.context_tokens is not None]
        return FleetFacts(
            facts[0].model, min(windows, default=None), all(fact.scaled_logprobs for fact in facts)
        )

    async def _server(self, server: EngineServer) -> FleetFacts:
        health = await self._ask(server, self._fleet.wire.health())
        if health.status >= 500:
            raise EndpointError(
                f"{server.url} is not ready (HTTP {health.status}); wait until it has loaded the model"
            )
        _need_access(server, health)
        model, window = self._served(server, await self._ask(server, EngineCall("GET", "/v1/models")))
        await self._same_tokenizer(server, model)
        try:
            scaled = await self._scales_logprobs(server, model)
        except RefusedError as error:
            raise EndpointError(f"{error}; correct --base-url or --model") from error
        except EngineError as error:
            raise EndpointError(
                f"{server.url} does not sample as a server of {self._fleet.wire.name} does: {error}"
            ) from error
        return FleetFacts(model, window, scaled)

    async def _ask(self, server: EngineServer, call: EngineCall) -> HttpAnswer:
        try:
            return await self._fleet.transport.ask(server.url, call, _SECONDS)
        except LostError as error:
            raise EndpointError(
                f"no answer from {server.url} within {_SECONDS:g} s; start the server or correct --base-url"
            ) from error
        except EngineError as error:
            raise EndpointError(f"{server.url}: {error}; correct --base-url") from error

    def _served(self, server: EngineServer, answer: HttpAnswer) -> tuple[str | None, int | None]:
        """The name to ask for, and the context length."""
        _need_access(server, answer)
        if answer.status != 200:
            return self._model, None  # behind some routers models are not listed
        try:
            listed = {str(model["id"]): model.get("max_model_len") for model in answer.json()["data"]}
        except (BadAnswerError, KeyError, TypeError, AttributeError) as error:
            raise EndpointError(
                f"{server.url} speaks no protocol of {self._fleet.wire.name}; correct --base-url"
            ) from error
        name = self._model or (next(iter(listed)) if len(listed) == 1 else None)
        if name is None and listed:
            raise EndpointError(
                f"{server.url} serves several models; use --model with one of: {_names(listed)}"
            )
        if listed and name not in listed:
            raise EndpointError(
                f"{server.url} does not serve model {name!r}; use --model with one of: {_names(listed)}"
            )
        window: Any = listed.get(str(name))
        if type(window) is not int or window <= self._fleet.wire.reserved_tokens:
            return name, None
        return name, window - self._fleet.wire.reserved_tokens

    async def _same_tokenizer(self, server: EngineServer, model: str | None) -> None:
        """Servers without a tokenizer, or without the route, are believed."""
        body = {"prompt": _SAMPLE_TEXT, "add_special_tokens": False, **({"model": model} if model else {})}
        answer = await self._ask(server, EngineCall("POST", "/tokenize", body))
        if answer.status != 200:
            return
        try:
            theirs = answer.json()["tokens"]
        except (BadAnswerError, KeyError, TypeError):
            return
        if theirs != self._template.encode(_SAMPLE_TEXT):
            raise EndpointError(
                f"{server.url} has another tokenizer than the one given; give that of the served model"
            )

    async def _scales_logprobs(self, server: EngineServer, model: str | None) -> bool:
        """Samples at three temperatures: where the likeliest token is as likely at all, none was applied."""
        prompt = tuple(self._template.initial([{"role": "user", "content": _SAMPLE_TEXT}]))
        plain, hot, cold = [
            await self._sample(server, model, prompt, Sampling(temperature, top_p, max_tokens=1))
            for temperature, top_p in ((0.0, 1.0), (_HOT, 1e-6), (_COLD, 1e-6))
        ]
        if not plain.token_ids or not hot.token_ids or not cold.token_ids:
            return True
        told = plain.logprobs[0]
        if told > -_SAME:
            return True  # too sure of itself to tell
        return any(abs(other.logprobs[0] - told) > _SAME for other in (hot, cold))

    async def _sample(
        self, server: EngineServer, model: str | None, prompt: tuple[int, ...], sampling: Sampling
    ) -> EngineAnswer:
        request = GenerateRequest(
            id=f"check-{uuid4().hex[:12]}",
            prompt_ids=prompt,
            sampling=sampling,
            stop_token_ids=(),
            vocabulary=self._template.vocabulary,
            model=model,
        )
        try:
            async with asyncio.timeout(_SAMPLE_SECONDS):
                return await server.generate(request)
        except TimeoutError as error:
            raise LostError(f"no message within {_SAMPLE_SECONDS:g} s", reached=True) from error


def _need_access(server: EngineServer, answer: HttpAnswer) -> None:
    if answer.status in (401, 403):
        raise EndpointError(
            f"{server.url} refuses the key (HTTP {answer.status}); set the variable named by --api-key-env"
        )


def _names(listed: dict[str, Any]) -> str:
    return ", ".join(list(listed)[:20])
