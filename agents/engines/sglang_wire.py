"""SGLang's native protocol: ids in, ids and logprobs out."""

from __future__ import annotations

from typing import Any

from .engine_error import BadAnswerError, ExactnessError
from .engine_wire import EngineAnswer, EngineCall, FinishReason, GenerateRequest
from .exact_answer import exact_answer
from .sampling_settings import sampling_settings

_SEEDS = 2**31


class SGLangWire:
    """Speaks with `/generate` of SGLang 0.5 and later."""

    name = "SGLang"
    reserved_tokens = 6
    """Its scheduler refuses prompts that come closer to the end of the context."""

    def generate(self, request: GenerateRequest) -> EngineCall:
        """The call that samples a message."""
        sampling = request.sampling
        params = sampling_settings(request) | {"max_new_tokens": sampling.max_tokens, "no_stop_trim": True}
        if sampling.seed is not None:
            params["sampling_seed"] = sampling.seed % _SEEDS
        return EngineCall(
            "POST",
            "/generate",
            {
                "rid": request.id,
                "input_ids": list(request.prompt_ids),
                "sampling_params": params,
                "return_logprob": True,
                "logprob_start_len": -1,
                "stream": False,
            },
        )

    def read_generate(self, request: GenerateRequest, body: Any) -> EngineAnswer:
        """Reads its answer; of one that was broken off, the ids whose logprobs are there."""
        try:
            meta = body["meta_info"]
            finish = meta["finish_reason"]["type"]
            broken_off = finish == FinishReason.ABORT
            if broken_off:
                body = {"output_ids": [], **body}
                meta = {"prompt_tokens": len(request.prompt_ids), "output_token_logprobs": None, **meta}
            token_ids = body["output_ids"]
            entries = meta["output_token_logprobs"] or []
            if broken_off:
                count = min(len(token_ids), len(entries))
                token_ids, entries = token_ids[:count], entries[:count]
            answer = exact_answer(
                request,
                token_ids=token_ids,
                logprobs=[entry[0] for entry in entries],
                finish_reason=finish,
                prompt_tokens=meta["prompt_tokens"],
                cached_tokens=meta.get("cached_tokens", 0),
                weight_version=meta.get("weight_version"),
            )
            sampled = tuple(entry[1] for entry in entries)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise BadAnswerError(f"the answer has not the shape of /generate: {error!r}") from error
        if sampled != answer.token_ids:
            raise ExactnessError("the logprobs belong to other ids than those that were sampled")
        return answer

    def abort(self, request_id: str) -> EngineCall:
        """The call that frees the slot of a request."""
        return EngineCall("POST", "/abort_request", {"rid": request_id})

    def health(self) -> EngineCall:
        """A call that a server answers with 200 when it is ready."""
        return EngineCall("GET", "/health")

    def refuses_stop_texts(self, message: str) -> bool:
        """True for a server that was started with --skip-tokenizer-init."""
        return "tokenizer" in message.lower()
