"""SGLang's protocol in training: weights change after every step, and no answer of other weights counts."""

from __future__ import annotations

from typing import Any

from .engine_error import BadAnswerError
from .engine_wire import EngineAnswer, EngineCall, GenerateRequest
from .sglang_wire import SGLangWire


class SGLangTrainingWire(SGLangWire):
    """Speaks with `/generate`, checks whose weights answered, and makes the calls that change them."""

    def __init__(self) -> None:
        """Accepts answers of any weights until some were loaded."""
        self._accepted: tuple[str, ...] = ()

    def accept(self, version: str) -> None:
        """Only answers of these weights count from now on, and of those before: they may be on their way."""
        self._accepted = (*self._accepted[-1:], version)

    def read_generate(self, request: GenerateRequest, body: Any) -> EngineAnswer:
        """Reads an answer.

        Raises:
            BadAnswerError: If it has not the shape of the protocol, or comes from other weights, as that of a
                server that was started again.
            ExactnessError: If it does not fit the ids of the request.
        """
        answer = super().read_generate(request, body)
        if self._accepted and answer.weight_version not in self._accepted:
            raise BadAnswerError(
                f"its weights are {answer.weight_version!r}, not {self._accepted[-1]!r}; did it start again?"
            )
        return answer

    def load_weights(self, folder: str, version: str) -> EngineCall:
        """The call that loads the safetensors of a folder.

        What runs is broken off, and what was computed with the old weights is forgotten.
        """
        body = {
            "model_path": folder,
            "load_format": "safetensors",
            "weight_version": version,
            "abort_all_requests": True,
            "flush_cache": True,
        }
        return EngineCall("POST", "/update_weights_from_disk", body)

    def pause(self) -> EngineCall:
        """The call that breaks off all requests and holds new ones back."""
        return EngineCall("POST", "/pause_generation", {"mode": "abort"})

    def go_on(self) -> EngineCall:
        """The call that lets held requests run."""
        return EngineCall("POST", "/continue_generation", {})

    def flush(self) -> EngineCall:
        """The call that forgets all prefixes."""
        return EngineCall("POST", "/flush_cache")
