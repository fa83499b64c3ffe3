from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.agents.branch import Branch
from replgym.agents.chat_template import ChatTemplate
from replgym.agents.policy import Completion
from replgym.agents.transcript import Transcript

START = ({"role": "system", "content": "s"}, {"role": "user", "content": "go"})
IDS = st.lists(st.integers(0, 300), min_size=1, max_size=6)
TURNS = st.lists(st.tuples(IDS, st.booleans(), st.booleans(), st.text(max_size=8)), min_size=1, max_size=5)


@given(turns=TURNS, last_is_observed=st.booleans())
def test_a_branch_is_what_was_given_id_for_id(
    turns: list[tuple[list[int], bool, bool, str]], last_is_observed: bool, template: ChatTemplate
) -> None:
    transcript = Transcript(template, START)
    prompt = tuple(template.initial(START))
    assert transcript.context_ids == prompt
    assert transcript.branch() is None
    ids: list[int] = []
    mask: list[int] = []
    logprobs: list[float] = []
    for number, (sampled, ended, known, observation) in enumerate(turns):
        sampled = [token for token in sampled if token != template.end_of_turn] + [
            template.end_of_turn
        ] * ended
        given_logprobs = [-0.1 * (place + 1) for place in range(len(sampled))] if known else []
        transcript.sampled(Completion(text="", token_ids=tuple(sampled), logprobs=tuple(given_logprobs)))
        ids += sampled
        mask += [1] * len(sampled)
        logprobs += given_logprobs or [0.0] * len(sampled)
        if number + 1 < len(turns) or last_is_observed:
            between = transcript.observation_ids([{"role": "user", "content": observation}])
            assert (between[0] == template.end_of_turn) != (ended and bool(sampled))
            transcript.observed(between)
            ids += between
            mask += [0] * len(between)
            logprobs += [0.0] * len(between)
        assert transcript.context_ids == prompt + tuple(ids)
        assert transcript.response_length == len(ids)
    branch = transcript.branch()
    if not any(mask):
        assert branch is None
        return
    assert branch == Branch(
        prompt_ids=prompt,
        response_ids=tuple(ids),
        response_mask=tuple(mask),
        logprobs=tuple(logprobs),
        exact=all(known or not sampled for sampled, _, known, _ in _kept(turns, template)),
    )


def _kept(
    turns: list[tuple[list[int], bool, bool, str]], template: ChatTemplate
) -> list[tuple[list[int], bool, bool, str]]:
    end = template.end_of_turn
    return [
        ([t for t in ids if t != end] + [end] * ended, ended, known, text)
        for ids, ended, known, text in turns
    ]


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
