"""The checks that make an answer token-exact, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .engine_error import BadAnswerError, ExactnessError
from .engine_wire import EngineAnswer, FinishReason, GenerateRequest

_LARGEST = 1e9


def exact_answer(
    request: GenerateRequest,
    *,
    token_ids: Any,
    logprobs: Sequence[Any],
    finish_reason: Any,
    prompt_tokens: Any,
    prompt_ids: Sequence[int] = (),
    cached_tokens: Any = 0,
    weight_version: Any = "",
) -> EngineAnswer:
    """Builds an answer from parts that are not trusted yet.

    Raises:
        BadAnswerError: If a part is not what the protocol says, or an id is none of the vocabulary.
        ExactnessError: If the parts do not fit each other or the request.
    """
    ids = _ids(token_ids, request.vocabulary)
    if finish_reason not in tuple(FinishReason):
        raise BadAnswerError(f"the finish reason {finish_reason!r} is unknown")
    if prompt_tokens != len(request.prompt_ids):
        raise ExactnessError(
            f"the engine saw {prompt_tokens!r} prompt tokens, but {len(request.prompt_ids)} were sent"
        )
    if prompt_ids and tuple(prompt_ids) != request.prompt_ids:
        raise ExactnessError("the engine saw other prompt ids than were sent")
    if len(ids) > request.sampling.max_tokens:
        raise ExactnessError(
            f"{len(ids)} ids came back, but at most {request.sampling.max_tokens} were asked for"
        )
    return EngineAnswer(
        token_ids=ids,
        logprobs=_logprobs(logprobs, len(ids)),
        finish_reason=FinishReason(finish_reason),
        prompt_tokens=len(request.prompt_ids),
        prompt_ids=tuple(prompt_ids),
        cached_tokens=cached_tokens if type(cached_tokens) is int else 0,
        weight_version="" if weight_version is None else str(weight_version),
    )


def _ids(values: Any, vocabulary: int) -> tuple[int, ...]:
    if not isinstance(values, list):
        raise BadAnswerError(f"the sampled ids are {type(values).__name__}, not a list")
    for value in values:
        if type(value) is not int or not 0 <= value < vocabulary:
            raise BadAnswerError(f"the id {value!r} is not in the vocabulary of {vocabulary}")
    return tuple(values)


def _logprobs(values: Sequence[Any], count: int) -> tuple[float, ...]:
    if len(values) != count:
        raise ExactnessError(f"{len(values)} logprobs came back for {count} ids")
    for value in values:
        if type(value) not in (int, float) or not abs(value) < _LARGEST:
            raise ExactnessError(f"the logprob {value!r} is no finite number")
    return tuple(float(value) for value in values)
