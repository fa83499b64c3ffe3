"""What SGLang and vLLM call the settings of sampling, which is mostly the same."""

from __future__ import annotations

from typing import Any

from .engine_wire import GenerateRequest


def sampling_settings(request: GenerateRequest) -> dict[str, Any]:
    """Every setting but the seed and the number of tokens.

    Those that we do not use are given too: servers take what is left out from their own command line, or from
    the model's generation_config.json.
    """
    sampling = request.sampling
    settings: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": -1,
        "min_p": 0.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "repetition_penalty": 1.0,
        "stop_token_ids": list(request.stop_token_ids),
    }
    if sampling.stop:
        settings["stop"] = list(sampling.stop)
    return settings | dict(request.more)
