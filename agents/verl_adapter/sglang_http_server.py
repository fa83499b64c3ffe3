"""The Ray actor that speaks for verl with SGLang servers.

It imports verl only when it answers: Ray loads this module before anything else in the actor's process,
and verl's own import must not find it half loaded. Errors leave it as built-in ones or as `PolicyError`,
which Ray can carry.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engines import EngineCall, EngineError, EngineFleet, FleetLimits, GenerateRequest, SGLangTrainingWire
from ..engines.fleet_check import FleetCheck, FleetFacts
from ..policies.endpoint_error import EndpointError
from ..policies.policy import PolicyError, Sampling
from ..tokens.chat_template import ChatTemplate
from .sglang_http_settings import SGLangHttpSettings

if TYPE_CHECKING:
    from verl.workers.rollout.replica import TokenOutput

_CONTROL_SECONDS = 60.0
_OWN = (
    "max_new_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "key",
    "logprobs",
    "stop_token_ids",
)
"""Parameters of sampling that are read here; all others go to the engine as they are."""


class SGLangHttpServer:
    """Samples on the servers of one replica, and changes their weights."""

    def __init__(
        self,
        settings: SGLangHttpSettings,
        tokenizer: str,
        *,
        urls: Sequence[str],
        looks_after: Sequence[str],
        temperature: float,
        slots: int,
        lengths: tuple[int, int],
    ) -> None:
        """Opens no connection yet.

        Args:
            settings: Those of the engine.
            tokenizer: Folder or name of that of the model in training; it is compared with the servers'.
            urls: The servers to sample on.
            looks_after: Those of them whose weights are changed here.
            temperature: Of sampling in training.
            slots: Requests at once on one server.
            lengths: The most ids of a prompt and of a response, for callers that ask for no number.
        """
        from transformers import AutoTokenizer

        self._settings = settings
        self._template = ChatTemplate(AutoTokenizer.from_pretrained(tokenizer))
        self._looks_after = tuple(looks_after)
        self._temperature, self._lengths = temperature, lengths
        self._wire = SGLangTrainingWire()
        self._fleet = EngineFleet(
            urls,
            self._wire,
            api_key=os.environ.get(settings.api_key_env) if settings.api_key_env else None,
            limits=FleetLimits(
                slots=slots, deadline=settings.message_seconds, answer_seconds=settings.message_seconds
            ),
        )
        self._facts = FleetFacts()
        self._step: int | None = None

    async def check(self) -> None:
        """Learns whether the servers can be trained with.

        Raises:
            RuntimeError: One line that says which server cannot, and why.
        """
        try:
            self._facts = await FleetCheck(self._fleet, self._template, None).run()
        except EndpointError as error:
            raise RuntimeError(f"actor_rollout_ref.rollout.custom.urls: {error}") from None
        if not self._facts.scaled_logprobs and self._temperature != 1.0:
            raise RuntimeError(
                f"the servers leave temperature {self._temperature:g} out of their log-probabilities, and "
                "the trainer does not; start them without SGLANG_RETURN_ORIGINAL_LOGPROB, or sample at 1"
            )

    async def generate(
        self, prompt_ids: list[int], sampling_params: dict[str, Any], request_id: str, **others: Any
    ) -> TokenOutput:
        """Samples one message to its end; verl's client calls this.

        Raises:
            PolicyError: If no server gave an exact answer in time.
        """
        from verl.workers.rollout.replica import TokenOutput

        if any(others.get(kind) for kind in ("image_data", "video_data", "audio_data")):
            raise PolicyError("sglang_http takes text alone, not images, video or audio")
        first, most = self._step, self._most(sampling_params, len(prompt_ids))
        if most < 1:
            return TokenOutput(
                token_ids=[], log_probs=[], stop_reason="length", extra_fields=self._steps(first)
            )
        try:
            answer = await self._fleet.generate(
                self._request(prompt_ids, sampling_params, request_id, most),
                episode=sampling_params.get("key", request_id),
            )
        except EngineError as error:
            raise PolicyError(str(error)) from None
        return TokenOutput(
            token_ids=list(answer.token_ids),
            log_probs=list(answer.logprobs),
            stop_reason=answer.finish_reason.value,
            num_preempted=0,
            extra_fields=self._steps(first),
        )

    async def load_weights(self, folder: str, version: str, step: int | None) -> None:
        """Loads new weights in the servers that are looked after here, all at once.

        Raises:
            RuntimeError: One line that says which server did not, and why.
        """

        async def load(url: str) -> None:
            said = await self._tell(
                url, self._wire.load_weights(folder, version), self._settings.sync_seconds
            )
            if not (isinstance(said, dict) and said.get("success") is True):
                message = " ".join(str(said).split())
                raise RuntimeError(
                    f"{url} did not load the weights of step {step} from {folder} (is it shared?): {message}"
                )

        self._wire.accept(version)
        await asyncio.gather(*map(load, self._looks_after))
        self._step = step

    async def abort_all_requests(self, reject_request: bool = False) -> None:
        """Breaks off what runs and holds back what comes; messages go on from where they were."""
        await self._tell_all(self._wire.pause())

    async def resume_generation(self) -> None:
        """Lets messages go on."""
        await self._tell_all(self._wire.go_on())

    async def clear_kv_cache(self) -> None:
        """Forgets all prefixes."""
        await self._tell_all(self._wire.flush())

    async def set_global_steps(self, step: int) -> None:
        """The training step that the weights belong to."""
        self._step = step

    async def _nothing(self, *_args: Any, **_kwargs: Any) -> None:
        """Memory and profiling control: the servers have devices of their own."""

    wake_up = sleep = release_kv_cache = resume_kv_cache = start_profile = stop_profile = _nothing

    def _request(
        self, prompt_ids: list[int], params: dict[str, Any], request_id: str, most: int
    ) -> GenerateRequest:
        return GenerateRequest(
            id=request_id,
            prompt_ids=tuple(prompt_ids),
            sampling=Sampling(
                temperature=params.get("temperature", 1.0),
                top_p=params.get("top_p", 1.0),
                max_tokens=most,
                stop=tuple(params.get("stop") or ()),
                seed=params.get("seed"),
            ),
            stop_token_ids=(self._template.end_of_turn, *(params.get("stop_token_ids") or ())),
            vocabulary=self._template.vocabulary,
            more={name: value for name, value in params.items() if name not in _OWN},
        )

    def _most(self, params: dict[str, Any], prompt: int) -> int:
        """Ids to ask for: what the caller wants, within the context of the servers."""
        prompt_length, response_length = self._lengths
        most = params.get("max_new_tokens") or params.get("max_tokens")
        most = most or min(response_length, prompt_length + response_length - prompt)
        context = self._facts.context_tokens
        return most if context is None else min(most, context - prompt)

    def _steps(self, first: int | None) -> dict[str, Any]:
        return {"global_steps": self._step, "min_global_steps": first, "max_global_steps": self._step}

    async def _tell_all(self, call: EngineCall) -> None:
        await asyncio.gather(*(self._tell(url, call, _CONTROL_SECONDS) for url in self._looks_after))

    async def _tell(self, url: str, call: EngineCall, seconds: float) -> Any:
        """What the server says.

        Raises:
            RuntimeError: If it says nothing in time.
        """
        try:
            answer = await self._fleet.transport.ask(url, call, seconds)
        except EngineError as error:
            raise RuntimeError(f"{url}: no answer to {call.path} within {seconds:g} s: {error}") from None
        if answer.status != 200:
            return f"HTTP {answer.status}: {answer.message}"
        try:
            return answer.json()
        except EngineError:
            return answer.message
