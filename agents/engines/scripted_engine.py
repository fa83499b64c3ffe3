"""An engine without a model: a server that speaks both protocols and plays a script.

Its latency, its slots and its answers are known, so that what a rollout adds to them can be measured and
tested.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from .slot_gate import SlotGate

if TYPE_CHECKING:
    from aiohttp import web

Script = Callable[[tuple[int, ...], int], Sequence[int]]
"""From the prompt's ids and the number of the request to the ids to answer, end-of-turn id included."""


@dataclass(slots=True)
class _Running:
    """One request on a slot or in front of one."""

    ids: tuple[int, ...]
    finish: str
    broken_off: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class ScriptedEngine:
    """Serves what SGLang does for sampling and for new weights, and `/v1/completions` as vLLM does."""

    script: Script | None = None
    """What it answers; by default a few ids that only the prompt decides."""
    _: KW_ONLY
    vocabulary: int
    """Ids are below this."""
    end_of_turn: int
    """The id that ends a message."""
    slots: int = 64
    """Requests that run at once; others wait in order."""
    first_token_seconds: float = 0.0
    """Before the first id of an answer; may change while it serves."""
    token_seconds: float = 0.0
    """Before every id; may change while it serves."""
    context: int = 32_768
    """The most ids of prompt and answer."""
    model: str = "scripted"
    """The name of the model."""
    encode: Callable[[str], Sequence[int]] | None = None
    """The tokenizer of `/tokenize`; without one the engine takes no stop texts either."""
    scales_logprobs: bool = True
    """Whether the temperature shows in logprobs."""
    middlewares: Sequence[Any] = ()
    """`aiohttp` middlewares, to make the server fail."""
    weight_version: str = "default"
    refuses_weights: str = ""
    """Why it loads no weights; empty when it does."""
    asked: list[dict[str, Any]] = field(default_factory=list, init=False)
    """Bodies of all requests to sample."""
    loaded: list[dict[str, Any]] = field(default_factory=list, init=False)
    """Bodies of all requests to load weights."""
    taken_back: set[str] = field(default_factory=set, init=False)
    """Ids of requests that were aborted or whose connection was closed."""
    busy_seconds: float = field(default=0.0, init=False)
    """Seconds that slots were in use by requests that have ended, all slots together."""

    def __post_init__(self) -> None:
        self._gate = SlotGate(self.slots)
        self._requests: dict[str, _Running] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._going = asyncio.Event()
        self._going.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def running(self) -> int:
        """Requests on slots now."""
        return self._gate.in_flight

    async def start(self) -> None:
        """Listens; on the same port as before when it was stopped."""
        from aiohttp import web

        application = web.Application(middlewares=self.middlewares, client_max_size=2**26)
        application.add_routes(
            [
                web.post("/generate", self._sglang),
                web.post("/v1/completions", self._vllm),
                web.post("/abort_request", self._abort),
                web.post("/pause_generation", self._pause),
                web.post("/continue_generation", self._go_on),
                web.post("/update_weights_from_disk", self._load_weights),
                web.post("/flush_cache", self._health),
                web.post("/tokenize", self._tokenize),
                web.get("/v1/models", self._models),
                web.get("/health", self._health),
            ]
        )
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.001)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Cuts all connections and listens no more; idempotent."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def break_off(self) -> int:
        """Ends all requests with what they have, as an update of the weights does; says how many."""
        for request in self._requests.values():
            request.broken_off.set()
        self._gate.turn_away(_BrokenOffError)
        return len(self._requests)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _play(self, body: dict[str, Any], request_id: str, prompt: list[int], most: int) -> _Running:
        """Samples on a slot until the script ends or somebody breaks it off."""
        await self._going.wait()
        self.asked.append(body)
        script = self.script or self._from_prompt
        wanted = tuple(script(tuple(prompt), len(self.asked) - 1))
        finish = "stop" if len(wanted) <= most else "length"
        request = self._requests[request_id] = _Running(wanted[:most], finish)
        try:
            async with self._gate.slot(0):
                await self._sample(request)
        except asyncio.CancelledError:
            self.taken_back.add(request_id)
            raise
        except _BrokenOffError:
            request.ids, request.finish = (), "abort"
        finally:
            del self._requests[request_id]
        return request

    async def _sample(self, request: _Running) -> None:
        started = time.monotonic()
        whole = self.first_token_seconds + self.token_seconds * len(request.ids)
        try:
            async with asyncio.timeout(whole):
                await request.broken_off.wait()
            sampled = time.monotonic() - started - self.first_token_seconds
            made = int(sampled / self.token_seconds) if self.token_seconds else 0
            request.ids = request.ids[: max(0, made)]
            request.finish = "abort"
        except TimeoutError:
            return
        finally:
            self.busy_seconds += time.monotonic() - started

    async def _sglang(self, http: web.Request) -> web.Response:
        body = await http.json()
        params = body["sampling_params"]
        prompt, most = body["input_ids"], params["max_new_tokens"]
        refused = self._refused(prompt, most, params.get("stop"))
        if refused is not None:
            return refused
        made = await self._play(body, body["rid"], prompt, most)
        logprobs = self._logprobs(made.ids, params["temperature"])
        meta = {
            "id": body["rid"],
            "finish_reason": {"type": made.finish},
            "prompt_tokens": len(prompt),
            "completion_tokens": len(made.ids),
            "cached_tokens": 0,
            "weight_version": self.weight_version,
            "output_token_logprobs": [
                [logprob, token, None] for logprob, token in zip(logprobs, made.ids, strict=True)
            ],
        }
        return _json({"output_ids": list(made.ids), "meta_info": meta})

    async def _vllm(self, http: web.Request) -> web.Response:
        body = await http.json()
        prompt, most = body["prompt"], body["max_tokens"]
        refused = self._refused(prompt, most, body.get("stop"))
        if refused is not None:
            return refused
        made = await self._play(body, body["request_id"], prompt, most)
        logprobs = {
            "tokens": [f"token_id:{token}" for token in made.ids],
            "token_logprobs": self._logprobs(made.ids, body["temperature"]),
        }
        choice = {
            "index": 0,
            "text": "",
            "finish_reason": made.finish,
            "logprobs": logprobs,
            "token_ids": list(made.ids),
            "prompt_token_ids": prompt,
        }
        usage = {"prompt_tokens": len(prompt), "completion_tokens": len(made.ids)}
        return _json({"id": body["request_id"], "model": self.model, "choices": [choice], "usage": usage})

    async def _abort(self, http: web.Request) -> web.Response:
        request_id = (await http.json())["rid"]
        request = self._requests.get(request_id)
        if request is not None:
            self.taken_back.add(request_id)
            request.broken_off.set()
        return _json({})

    async def _pause(self, _: web.Request) -> web.Response:
        self._going.clear()
        self.break_off()
        return _json({})

    async def _go_on(self, _: web.Request) -> web.Response:
        self._going.set()
        return _json({})

    async def _load_weights(self, http: web.Request) -> web.Response:
        body = await http.json()
        self.loaded.append(body)
        if self.refuses_weights:
            return _json({"success": False, "message": self.refuses_weights}, 400)
        if body["abort_all_requests"]:
            self.break_off()
        self.weight_version = body["weight_version"]
        return _json({"success": True, "message": ""})

    async def _tokenize(self, http: web.Request) -> web.Response:
        if self.encode is None:
            return _error(400, "the server has no tokenizer")
        ids = list(self.encode((await http.json())["prompt"]))
        return _json({"tokens": ids, "count": len(ids), "max_model_len": self.context})

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": self.model, "object": "model", "max_model_len": self.context}
        return _json({"object": "list", "data": [model]})

    async def _health(self, _: web.Request) -> web.Response:
        return _json({})

    def _refused(self, prompt: list[int], most: int, stop: Any) -> web.Response | None:
        if stop and self.encode is None:
            return _error(400, f"stop={stop!r} is unavailable when skip_tokenizer_init=True")
        if len(prompt) + most > self.context:
            return _error(400, f"{len(prompt)} + {most} tokens exceed the maximum context length")
        return None

    def _logprobs(self, ids: Sequence[int], temperature: float) -> list[float]:
        scale = temperature or 1.0 if self.scales_logprobs else 1.0
        return [-(1 + token % 7) / 8 / scale for token in ids]

    def _from_prompt(self, prompt: tuple[int, ...], _: int) -> list[int]:
        digest = hashlib.sha256(repr(prompt).encode()).digest()
        ids = [byte % self.vocabulary for byte in digest[1 : 2 + digest[0] % 16]]
        return [*(token for token in ids if token != self.end_of_turn), self.end_of_turn]


class _BrokenOffError(Exception):
    """The request was broken off before it had a slot."""


def _json(body: Any, status: int = 200) -> web.Response:
    from aiohttp import web

    return web.json_response(body, status=status)


def _error(status: int, message: str) -> web.Response:
    return _json({"error": {"message": message, "code": status}}, status)
