"""A message whose sampling was taken back by the engine goes on from the ids that it has.

Ids and logprobs that were sampled stay: a message may so span several versions of the weights.
"""

from __future__ import annotations

from dataclasses import replace

from .engine_wire import EngineAnswer, FinishReason, GenerateRequest


class PartialAnswer:
    """What has been sampled of one message so far."""

    def __init__(self, request: GenerateRequest) -> None:
        """Starts with nothing."""
        self._request = request
        self._pieces: list[EngineAnswer] = []

    def request(self, request_id: str) -> GenerateRequest:
        """What to ask next: the rest of the message, with a seed of its own."""
        if not self._pieces:
            return replace(self._request, id=request_id)
        ids, sampling = self._ids(), self._request.sampling
        seed = None if sampling.seed is None else sampling.seed + len(self._pieces)
        return replace(
            self._request,
            id=request_id,
            prompt_ids=self._request.prompt_ids + ids,
            sampling=replace(sampling, max_tokens=sampling.max_tokens - len(ids), seed=seed),
        )

    def add(self, answer: EngineAnswer) -> EngineAnswer | None:
        """Takes the next piece; the whole message, if that was the last."""
        if answer.finish_reason is FinishReason.ABORT and not answer.token_ids:
            return None
        self._pieces.append(answer)
        full = len(self._ids()) >= self._request.sampling.max_tokens
        if answer.finish_reason is FinishReason.ABORT and not full:
            return None
        first = self._pieces[0]
        return EngineAnswer(
            token_ids=self._ids(),
            logprobs=tuple(logprob for piece in self._pieces for logprob in piece.logprobs),
            finish_reason=FinishReason.LENGTH
            if answer.finish_reason is FinishReason.ABORT
            else answer.finish_reason,
            prompt_tokens=first.prompt_tokens,
            prompt_ids=first.prompt_ids,
            cached_tokens=first.cached_tokens,
            weight_version=answer.weight_version,
        )

    def _ids(self) -> tuple[int, ...]:
        return tuple(token for piece in self._pieces for token in piece.token_ids)
