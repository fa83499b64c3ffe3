"""vLLM's completions with token ids: ids in, ids and logprobs out.

The route is part of every vLLM server. A request ends on the server when its connection is closed.
"""

from __future__ import annotations

from typing import Any

from .engine_error import BadAnswerError, ExactnessError
from .engine_wire import EngineAnswer, EngineCall, FinishReason, GenerateRequest
from .exact_answer import exact_answer
from .sampling_settings import sampling_settings

_TOKEN = "token_id:"


class VLLMWire:
    """Speaks with `/v1/completions` of vLLM 0.11 and later."""

    name = "vLLM"
    reserved_tokens = 0

    def generate(self, request: GenerateRequest) -> EngineCall:
        """The call that samples a message."""
        sampling = request.sampling
        body = sampling_settings(request) | {
            "request_id": request.id,
            "prompt": list(request.prompt_ids),
            "max_tokens": sampling.max_tokens,
            "logprobs": 0,
            "return_token_ids": True,
            "return_tokens_as_token_ids": True,
        }
        if request.model is not None:
            body["model"] = request.model
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        return EngineCall("POST", "/v1/completions", body)

    def read_generate(self, request: GenerateRequest, body: Any) -> EngineAnswer:
        """Reads its answer."""
        try:
            (choice,) = body["choices"]
            token_ids, finish = choice["token_ids"], choice["finish_reason"]
            if finish == FinishReason.ABORT and not token_ids:
                choice = {**choice, "token_ids": [], "logprobs": {"token_logprobs": [], "tokens": []}}
            usage = body["usage"]
            answer = exact_answer(
                request,
                token_ids=choice["token_ids"],
                logprobs=choice["logprobs"]["token_logprobs"],
                finish_reason=finish,
                prompt_tokens=usage["prompt_tokens"],
                prompt_ids=choice.get("prompt_token_ids") or (),
                cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            )
            tokens = choice["logprobs"]["tokens"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadAnswerError(f"the answer has not the shape of /v1/completions: {error!r}") from error
        if tokens != [f"{_TOKEN}{token}" for token in answer.token_ids]:
            raise ExactnessError("the logprobs belong to other ids than those that were sampled")
        return answer

    def abort(self, request_id: str) -> None:
        """None: closing the connection frees the slot."""

    def health(self) -> EngineCall:
        """A call that a server answers with 200 when it is ready."""
        return EngineCall("GET", "/health")

    def refuses_stop_texts(self, message: str) -> bool:
        """True for a server that was started with --skip-tokenizer-init."""
        return "tokenizer" in message.lower() or "detokenize" in message.lower()
