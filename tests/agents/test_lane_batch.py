"""Lanes that join, are copied, go on and leave in any order have the logits of a pass of their own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import MistralConfig, Qwen2Config, Qwen2ForCausalLM

from replgym.agents.policies.policy import PolicyError
from replgym.agents.transformers_engine.grouped_attention import use_grouped_attention
from replgym.agents.transformers_engine.lane_batch import LaneBatch, LaneCache

VOCABULARY = 32
IDS = st.integers(0, VOCABULARY - 1)
ACTIONS = st.one_of(
    st.tuples(st.just("join"), st.lists(st.lists(IDS, min_size=1, max_size=60), min_size=1, max_size=4)),
    st.tuples(st.just("copy"), st.integers(0, 9)),
    st.tuples(st.just("step"), st.integers(1, 40)),
    st.tuples(st.just("drop"), st.sets(st.integers(0, 9), min_size=1, max_size=4)),
    st.tuples(st.just("resume"), st.lists(IDS, min_size=1, max_size=70)),
)


def model(attention: str) -> Any:
    """Random weights; two heads share each key."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation=attention,
    )
    return Qwen2ForCausalLM(config).eval()


class Play:
    """A batch, and what each lane has read."""

    def __init__(self, made: Any) -> None:
        self.batch, self.lanes = LaneBatch(made), list[list[int]]()
        self.kept: list[tuple[list[int], LaneCache]] = []
        self.logits = torch.zeros(0, VOCABULARY)

    def join(self, prompts: list[list[int]]) -> None:
        new = self.batch.join([None] * len(prompts), prompts)
        self._added(prompts, new)

    def resume(self, suffix: list[int]) -> None:
        """The last one that left comes back; beside it somebody new."""
        if self.kept:
            ids, cache = self.kept.pop()
            new = self.batch.join([cache, None], [suffix, suffix[:3]])
            self._added([[*ids, *suffix], suffix[:3]], new)

    def copy(self, number: int) -> None:
        if self.lanes:
            row = number % len(self.lanes)
            self.batch.copy([row, row])
            self._added([list(self.lanes[row]), list(self.lanes[row])], self.logits[[row, row]])

    def step(self, count: int) -> None:
        for number in range(count if self.lanes else 0):
            tokens = [(7 * row + number) % VOCABULARY for row in range(len(self.lanes))]
            self.logits = self.batch.step(tokens)
            for ids, token in zip(self.lanes, tokens, strict=True):
                ids.append(token)

    def drop(self, numbers: set[int]) -> None:
        rows = [row for row in numbers if row < len(self.lanes)]
        self.kept += [(self.lanes[row], self.batch.cache_of(row)) for row in rows]
        order = self.batch.drop(rows)
        self.lanes, self.logits = [self.lanes[row] for row in order], self.logits[order]

    def _added(self, prompts: list[list[int]], logits: torch.Tensor) -> None:
        self.logits = torch.cat([self.logits, logits]) if self.lanes else logits
        self.lanes += [list(ids) for ids in prompts]


@pytest.fixture(scope="module", params=["sdpa", "eager"])
def judged(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """A model that the batch may change, and the same one as it was."""
    changed = model(request.param)
    use_grouped_attention(changed)
    return changed, model(request.param)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=12))
def test_every_lane_is_as_if_alone(judged: tuple[Any, Any], actions: list[tuple[str, Any]]) -> None:
    changed, plain = judged
    play = Play(changed)
    for name, argument in actions:
        getattr(play, name)(argument)
    assert len(play.batch) == len(play.lanes)
    with torch.inference_mode():
        for ids, logits in zip(play.lanes, play.logits, strict=True):
            alone = plain(input_ids=torch.tensor([ids])).logits[0, -1]
            assert torch.allclose(logits, alone, atol=1e-4, rtol=0)


def test_lanes_that_failed_to_join_leave_no_trace(judged: tuple[Any, Any]) -> None:
    changed, plain = judged
    play = Play(changed)
    play.join([[1, 2, 3], [4, 5]])
    with pytest.raises(IndexError):
        play.batch.join([None], [[VOCABULARY + 1]])
    assert len(play.batch) == 2
    play.step(3)
    with torch.inference_mode():
        alone = plain(input_ids=torch.tensor([play.lanes[0]])).logits[0, -1]
    assert torch.allclose(play.logits[0], alone, atol=1e-4, rtol=0)


def test_memory_grows_with_what_is_in_use_and_is_used_again(judged: tuple[Any, Any]) -> None:
    play = Play(judged[0])
    sizes = []
    for _ in range(6):
        play.join([[1] * 40] * 4)
        play.step(100)
        play.drop({0, 1, 2, 3})
        sizes.append(sum(buffer.numel() for buffer in play.batch._store._buffers()))
    assert sizes[1] == sizes[-1]


@pytest.mark.parametrize(
    "config",
    [
        Qwen2Config(
            num_hidden_layers=2,
            use_sliding_window=True,
            sliding_window=8,
            layer_types=["full_attention", "sliding_attention"],
        ),
        MistralConfig(sliding_window=8),
    ],
)
def test_a_sliding_window_is_refused(config: Any) -> None:
    with pytest.raises(PolicyError, match=r"the kind sliding_attention, .*SGLang or vLLM"):
        LaneBatch(SimpleNamespace(config=config))
