"""A model on vLLM servers, token ids in and out."""

from __future__ import annotations

from ..engines import VLLMWire
from .engine_policy import EnginePolicy


class VLLMPolicy(EnginePolicy):
    """Samples with vLLM's `/v1/completions`, which takes and gives token ids.

    Start the servers with `--logprobs-mode processed_logprobs`: without it vLLM gives logprobs of the model
    before temperature, and a message sampled at another temperature than 0 or 1 then carries none.
    """

    wire = VLLMWire()
