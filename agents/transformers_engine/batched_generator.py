"""Continuous batching: requests join the running batch at any step and leave it when they end.

One thread owns the model and the cache. An episode's next turn continues from the cache of its last one,
and identical prompts that arrive together are computed once. Weights change only between steps, and then
every cache is dropped.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from ..policies.policy import PolicyError, Sampling
from .grouped_attention import use_grouped_attention
from .lane_batch import LaneBatch, LaneCache
from .stop_watch import StopWatch


@dataclass(frozen=True, slots=True)
class Generated:
    """What the model sampled."""

    token_ids: tuple[int, ...]
    """End-of-turn token included, when it was sampled."""
    logprobs: tuple[float, ...]
    """log softmax(logits / temperature) at each sampled id; temperature 1 for greedy."""
    finish_reason: str
    """`stop` or `length`."""


@dataclass(slots=True)
class _Lane:
    """One request, waiting or running."""

    prompt: tuple[int, ...]
    sampling: Sampling
    key: str
    future: Future[Generated]
    rng: random.Random
    stops: StopWatch | None
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    abandoned: bool = False


class BatchedGenerator:
    """A model that many coroutines sample from at once."""

    def __init__(
        self,
        model: Any,
        *,
        ends: Collection[int],
        vocabulary: int,
        decode: Callable[[Sequence[int]], str] | None = None,
        max_lanes: int = 128,
        max_tokens: int = 1 << 18,
    ) -> None:
        """Takes over a causal language model of `transformers`, on CPU.

        Args:
            model: The model, in evaluation mode.
            ends: The token ids that end a message.
            vocabulary: Ids from here on are padding of the embedding and are never sampled.
            decode: Text of ids, for requests with stop texts.
            max_lanes: How many requests run at once; others wait.
            max_tokens: How many tokens, padding included, the running batch and the caches of episodes may
                each hold when a request joins. One that is longer than that runs alone.
        """
        use_grouped_attention(model)
        self._model = model
        self._ends = frozenset(ends)
        self._vocabulary = vocabulary
        self._decode = decode
        self._max_lanes, self._max_tokens = max_lanes, max_tokens
        self._waiting: deque[_Lane] = deque()
        self._jobs: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._batch = LaneBatch(model)
        self._lanes: list[_Lane] = []
        self._pending = torch.zeros(0, 0)  # logits of the next token, one row a lane
        self.context_tokens: int | None = getattr(model.config, "max_position_embeddings", None)
        self._rows: int = model.get_input_embeddings().num_embeddings
        self._watches: dict[tuple[str, ...], StopWatch] = {}
        self._caches: OrderedDict[str, tuple[tuple[int, ...], LaneCache]] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="batched-generator", daemon=True)
        self._thread.start()

    @property
    def running(self) -> int:
        """Requests that are sampled or wait."""
        return len(self._jobs) + len(self._waiting) + len(self._lanes)

    async def generate(self, prompt: Sequence[int], sampling: Sampling, *, key: str = "") -> Generated:
        """Samples one message.

        Args:
            prompt: Exact ids of the context; at least one.
            sampling: How; a message also ends with the token that completes a stop text.
            key: Episodes pass a stable key, so that the next turn continues from this one's cache. A request
                that is cancelled leaves the batch before the next token.

        Raises:
            PolicyError: If the request is none that the model can take, the generator is closed or the model
                raised.
        """
        self._check(prompt, sampling)
        room = sampling.max_tokens if self.context_tokens is None else self.context_tokens - len(prompt)
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, max(1, room)))
        seed = sampling.seed if sampling.seed is not None else random.getrandbits(63)
        watch = self._watch(sampling.stop)
        lane = _Lane(tuple(prompt), sampling, key, Future(), random.Random(seed), watch)
        self._post(lambda: self._waiting.append(lane))
        try:
            return await asyncio.wrap_future(lane.future)
        except asyncio.CancelledError:
            lane.abandoned = True
            raise

    async def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Replaces parameters between two steps and drops all caches of older weights."""
        done: Future[None] = Future()

        def load() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                self._model.load_state_dict(weights, strict=False)
                self._caches.clear()
                for lane in self._lanes:
                    lane.key = ""
                done.set_result(None)
            except RuntimeError as error:
                done.set_exception(PolicyError(f"weights do not fit the model: {error}"))

        self._post(load)
        await asyncio.wrap_future(done)

    def close(self) -> None:
        """Ends the thread; waiting and running requests fail. Idempotent."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout=30)

    def _check(self, prompt: Sequence[int], sampling: Sampling) -> None:
        """Refuses what would break the model, and with it what others run."""
        if not prompt:
            raise PolicyError("a request needs at least one prompt id")
        unknown = next((number for number in prompt if not 0 <= number < self._rows), None)
        if unknown is not None:
            raise PolicyError(f"prompt id {unknown} is none of the model, which has {self._rows}")
        if self.context_tokens is not None and len(prompt) > self.context_tokens:
            raise PolicyError(
                f"the context has {len(prompt)} ids, but the model takes {self.context_tokens}; "
                "set context_tokens"
            )
        if sampling.stop and self._decode is None:
            raise PolicyError("stop texts need `decode`; give it to BatchedGenerator")

    def _watch(self, stop: tuple[str, ...]) -> StopWatch | None:
        if not stop or self._decode is None:
            return None
        if stop not in self._watches:
            self._watches[stop] = StopWatch(self._decode, stop)
        return self._watches[stop]

    def _post(self, job: Callable[[], None]) -> None:
        with self._wake:
            if self._closed:
                raise PolicyError("the generator is closed")
            self._jobs.append(job)
            self._wake.notify()

    def _run(self) -> None:
        while self._serve_jobs():
            try:
                self._admit()
                self._advance()
            except Exception as error:  # noqa: BLE001 - the thread's boundary: a fault of the model fails its requests
                self._fail_all(PolicyError(f"the model failed: {error}"))
        self._fail_all(PolicyError("the generator was closed"))

    def _serve_jobs(self) -> bool:
        with self._wake:
            while not (self._jobs or self._waiting or self._lanes or self._closed):
                self._wake.wait()
            jobs = list(self._jobs)
            self._jobs.clear()
            closed = self._closed
        for job in jobs:
            job()
        return not closed

    def _admit(self) -> None:
        """Moves waiting requests into the batch; a fault of these fails no other."""
        joining = self._joining()
        if not joining:
            return
        try:
            self._join(joining)
        except Exception as error:  # a boundary: what cannot be read in fails, what runs goes on
            for lane in joining:
                lane.future.set_exception(PolicyError(f"the model failed: {error}"))
            if len(self._batch) != len(self._lanes):
                raise

    def _joining(self) -> list[_Lane]:
        """The requests that are next, as far as lanes and memory allow."""
        joining: list[_Lane] = []
        width = self._batch.width
        while self._waiting and len(self._lanes) + len(joining) < self._max_lanes:
            lane, rows = self._waiting[0], len(self._lanes) + len(joining)
            length = max(width, len(lane.prompt))
            if rows and (rows + 1) * length > self._max_tokens and not lane.abandoned:
                break
            self._waiting.popleft()
            if lane.future.set_running_or_notify_cancel():
                joining.append(lane)
                width = length
        return joining

    def _join(self, joining: Sequence[_Lane]) -> None:
        """Computes what is new of their prompts; identical prompts without a cache are computed once."""
        firsts: dict[tuple[int, ...], int] = {}
        before = len(self._lanes)
        read: list[_Lane] = []
        copies: list[tuple[_Lane, int]] = []
        prefixes: list[LaneCache | None] = []
        suffixes: list[Sequence[int]] = []
        for lane in joining:
            known, cache = self._caches.pop(lane.key, ((), None))
            if cache is None or len(known) >= len(lane.prompt) or lane.prompt[: len(known)] != known:
                known, cache = (), None
                if lane.prompt in firsts:
                    copies.append((lane, firsts[lane.prompt]))
                    continue
                firsts[lane.prompt] = len(read)
            read.append(lane)
            prefixes.append(cache)
            suffixes.append(lane.prompt[len(known) :])
        new = self._batch.join(prefixes, suffixes)
        if copies:
            self._batch.copy([before + row for _, row in copies])
            new = torch.cat([new, new[[row for _, row in copies]]])
        self._pending = torch.cat([self._pending, new]) if before else new
        self._lanes += read + [lane for lane, _ in copies]

    def _advance(self) -> None:
        """Samples one token for every lane, retires those that ended, and computes the next logits."""
        if not self._lanes:
            return
        tokens = self._sample()
        gone = []
        for row, (lane, token) in enumerate(zip(self._lanes, tokens, strict=True)):
            ended = token in self._ends or (lane.stops is not None and lane.stops.ends(lane.ids))
            full = len(lane.ids) >= lane.sampling.max_tokens
            if not lane.abandoned and (ended or full):
                self._retire(row, lane, "stop" if ended else "length")
            if lane.abandoned or ended or full:
                gone.append(row)
        if gone:
            order = self._batch.drop(gone)
            self._lanes = [self._lanes[row] for row in order]
            tokens = [tokens[row] for row in order]
        if self._lanes:
            self._pending = self._batch.step(tokens)

    def _retire(self, row: int, lane: _Lane, reason: str) -> None:
        if lane.key:
            self._caches[lane.key] = ((*lane.prompt, *lane.ids[:-1]), self._batch.cache_of(row))
            held = sum(cache.length for _, cache in self._caches.values())
            while held > self._max_tokens or len(self._caches) > 2 * self._max_lanes:
                held -= self._caches.popitem(last=False)[1][1].length
        lane.future.set_result(Generated(tuple(lane.ids), tuple(lane.logprobs), reason))

    def _sample(self) -> list[int]:
        """Draws by inverse transform, with a generator a lane: a seed fixes a lane whatever runs beside."""
        scale = torch.tensor([lane.sampling.temperature or 1.0 for lane in self._lanes]).unsqueeze(1)
        logprobs = torch.log_softmax(self._pending / scale, dim=-1)
        weights = logprobs.exp()
        weights[:, self._vocabulary :] = 0.0
        for row, lane in enumerate(self._lanes):
            if lane.sampling.top_p < 1.0:
                weights[row] = _nucleus(weights[row], lane.sampling.top_p)
        sums = weights.double().cumsum(-1)
        draws = torch.tensor([lane.rng.random() for lane in self._lanes], dtype=torch.double).unsqueeze(1)
        self._fail_where(~sums[:, -1].isfinite())
        drawn = torch.searchsorted(sums, draws * sums[:, -1:], right=True).squeeze(1)
        greedy = torch.tensor([lane.sampling.temperature == 0 for lane in self._lanes])
        tokens = torch.where(greedy, weights.argmax(-1), drawn.clamp(max=self._vocabulary - 1))
        picked = logprobs.gather(1, tokens.unsqueeze(1)).squeeze(1)
        for lane, token, logprob in zip(self._lanes, tokens.tolist(), picked.tolist(), strict=True):
            lane.ids.append(token)
            lane.logprobs.append(logprob)
        return list(tokens.tolist())

    def _fail_where(self, broken: Tensor) -> None:
        """Ends lanes whose logits are no numbers; the others go on."""
        for row in broken.nonzero().flatten().tolist():
            lane = self._lanes[row]
            if not lane.abandoned:
                lane.abandoned = True
                lane.future.set_exception(PolicyError("the model failed: its logits are not finite"))

    def _fail_all(self, error: PolicyError) -> None:
        waiting = [lane for lane in self._waiting if lane.future.set_running_or_notify_cancel()]
        for lane in (*self._lanes, *waiting):
            if not lane.future.done():
                lane.future.set_exception(error)
        self._lanes, self._batch = [], LaneBatch(self._model)
        self._waiting.clear()
        self._caches.clear()


def _nucleus(weights: Tensor, top_p: float) -> Tensor:
    """Keeps the smallest set of most likely tokens whose mass reaches `top_p` (arXiv 1904.09751)."""
    order = weights.argsort(descending=True)
    mass = weights[order].cumsum(-1)
    cut = order[(mass - weights[order]) >= top_p * mass[-1]]
    return weights.index_fill(0, cut, 0.0)
