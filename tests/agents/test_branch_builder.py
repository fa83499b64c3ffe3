from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.agents.tokens.branch import Branch
from replgym.agents.tokens.branch_builder import BranchBuilder

IDS = st.lists(st.integers(0, 3), max_size=4).map(tuple)
TURNS = st.lists(st.tuples(IDS, IDS, st.booleans()), min_size=1, max_size=6)
"""Ids that come before a message, its own, and whether its log-probabilities are known."""


@given(turns=TURNS, forgets=st.lists(st.integers(0, 12), min_size=6, max_size=6))
def test_branches_hold_what_was_seen_and_sampled_once(
    turns: list[tuple[tuple[int, ...], tuple[int, ...], bool]], forgets: list[int]
) -> None:
    builder, twin = BranchBuilder(), BranchBuilder()
    context: tuple[int, ...] = ()
    places: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    broke = 0
    for (between, ids, known), forget in zip(turns, forgets, strict=False):
        prompt = (context[:forget] if forget < 6 else context) + between
        twin = builder.copy()
        before = builder.branches
        broke += builder.sampled(prompt, ids, [-0.5] * len(ids) if known else [])
        assert twin.branches == before
        if ids:
            places.append((prompt, ids))
            context = prompt + ids
    branches = builder.branches
    assert len(branches) == (broke + 1 if places else 0)
    assert sum(sum(branch.response_mask) for branch in branches) == sum(len(ids) for _, ids in places)
    number = 0
    for branch in branches:
        whole, end = branch.prompt_ids + branch.response_ids, len(branch.prompt_ids)
        assert branch.response_mask[:1] == (1,)
        while (
            number < len(places) and places[number][0] + places[number][1] == whole[: _length(places[number])]
        ):
            prompt, ids = places[number]
            if len(prompt) < end:
                break
            mask = branch.response_mask[end - len(branch.prompt_ids) :]
            assert mask[: len(prompt) - end + len(ids)] == (0,) * (len(prompt) - end) + (1,) * len(ids)
            end, number = len(prompt) + len(ids), number + 1
        assert end == len(whole)
    assert number == len(places)


def _length(place: tuple[tuple[int, ...], tuple[int, ...]]) -> int:
    return len(place[0]) + len(place[1])


def test_logprobs_are_all_known_or_none() -> None:
    builder = BranchBuilder()
    builder.sampled((1,), (2, 3), (-1.0, -2.0))
    builder.sampled((1, 2, 3, 4), (5,), (-3.0,))
    assert builder.branches[0].logprobs == (-1.0, -2.0, 0.0, -3.0)
    builder.sampled((1, 2, 3, 4, 5), (6,))
    assert builder.branches[0].logprobs == ()
    builder.sampled((9,), (6,), (-1.0,))
    assert [branch.logprobs for branch in builder.branches] == [(), (-1.0,)]


def test_a_branch_is_exact_when_all_its_messages_are() -> None:
    builder = BranchBuilder()
    builder.sampled((1,), (2,), (-1.0,))
    builder.sampled((1, 2), (3,), (-1.0,), exact=False)
    builder.sampled((7,), (3,), (-1.0,))
    assert [branch.exact for branch in builder.branches] == [False, True]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"response_mask": (1,)}, "response_mask has 1 entries for 2 response_ids"),
        ({"logprobs": (-1.0,)}, "logprobs has 1 entries for 2 response_ids"),
        ({"response_mask": (1, 2)}, "0 and 1 only"),
    ],
)
def test_a_branch_out_of_line_is_refused(fields: dict[str, tuple[float, ...]], told: str) -> None:
    whole = {"prompt_ids": (1,), "response_ids": (2, 3), "response_mask": (1, 0)}
    with pytest.raises(ValueError, match=told):
        Branch.model_validate(whole | fields)
