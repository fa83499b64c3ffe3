"""Whatever is sampled and whatever tools say, the record is what the engine saw, id for id."""

from __future__ import annotations

import asyncio
import random
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.agents.evaluation.evaluation_summary import EvaluationSummary
from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.agents.tokens.transcript import DROPPED
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family as Hidden

from .scripted_world import Engine, World, assert_record_is_what_the_engine_saw
from .templates import FAMILIES, FORGETFUL, Family

TASK = make_task(Hidden.LINEAR, (7, -3))
SPECIAL = ["<|im_end|>", "<|im_start|>assistant\n", "<|endoftext|>", "<tool_call>", "</tool_call>"]
ODD = [
    "\u200b",
    "\u200d",
    "\ufeff",
    "\r\n",
    "\ud800",
    "\ud83d\ude00",
    "e\u0301",
    "👩‍👩‍👧",
    "\x00",
    " ",
    "\n\n",
    "\ue000answer\ue001",
]
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OUTPUTS = st.lists(st.one_of(PLAIN, st.sampled_from(SPECIAL + ODD)), max_size=5).map("".join)
CALL = "```python\nprint(1)\n```"
TOKENIZERS = pytest.mark.parametrize("kind", ["tokenizer", "qwen"])


@st.composite
def sampled(draw: st.DrawFn, family: Family, tokenizer: Any) -> list[int]:
    """Ids as models sample them and as they never would: words cut anywhere, halves of characters, any id."""
    parts = []
    for text in draw(st.lists(st.one_of(PLAIN, st.sampled_from([*SPECIAL, *ODD[6:], CALL])), max_size=3)):
        cut = draw(st.integers(0, len(text)))
        for part in (text[:cut], text[cut:]):
            parts += tokenizer.encode(part, add_special_tokens=False)
    parts += draw(st.lists(st.integers(0, family.of(tokenizer).vocabulary - 1), max_size=3))
    parts = parts[: draw(st.integers(0, len(parts)))]
    return [*parts, tokenizer.eos_token_id] if draw(st.booleans()) or not parts else parts


def play(
    family: Family,
    tokenizer: Any,
    turns: Sequence[tuple[Sequence[int], str]],
    limits: RolloutLimits | None = None,
    form: str = "fenced",
) -> tuple[Episode, Engine, World]:
    world = World(
        [{"role": "system", "content": "s"}, {"role": "user", "content": "go"}], [o for _, o in turns], form
    )
    engine = Engine(family.of(tokenizer), [ids for ids, _ in turns])
    episode = asyncio.run(rollout(world, engine, task=TASK, limits=limits))  # type: ignore[arg-type]
    assert Episode.model_validate_json(episode.model_dump_json()) == episode
    return episode, engine, world


@TOKENIZERS
@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
@settings(max_examples=40)
@given(data=st.data())
def test_ids_mask_and_logprobs_are_those_of_the_engine(
    data: st.DataObject, family: Family, kind: str, request: pytest.FixtureRequest
) -> None:
    tokenizer = request.getfixturevalue(kind)
    turns = data.draw(st.lists(st.tuples(sampled(family, tokenizer), OUTPUTS), min_size=1, max_size=4))
    stop_at_call = data.draw(st.booleans())
    episode, engine, _ = play(family, tokenizer, turns, RolloutLimits(stop_at_call=stop_at_call))
    assert (episode.stop, episode.failure) == (StopReason.TURN_LIMIT, None)
    assert_record_is_what_the_engine_saw(episode, engine.seen)
    assert len(episode.branches) == 1
    assert episode.branches[0].exact
    assert episode.drift is not None
    assert (episode.drift.turns, episode.drift.drifted) == (len(turns), 0)


@TOKENIZERS
@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
@settings(max_examples=40)
@given(system=PLAIN, user=OUTPUTS, outputs=st.lists(OUTPUTS, min_size=1, max_size=2))
def test_no_text_becomes_a_special_token(
    system: str,
    user: str,
    outputs: list[str],
    family: Family,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    tokenizer = request.getfixturevalue(kind)
    template, reserved = family.of(tokenizer), set(tokenizer.get_added_vocab().values())

    def structure(contents: Sequence[str]) -> list[int]:
        first, *rest = contents
        ids = template.initial([{"role": "system", "content": system}, {"role": "user", "content": first}])
        ids += template.between([{"role": "user", "content": each} for each in rest], ended=True)
        return [number for number in ids if number in reserved]

    assert structure([user, *outputs]) == structure(["x"] * (1 + len(outputs)))


@TOKENIZERS
@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
@settings(max_examples=40)
@given(data=st.data())
def test_the_ids_are_the_whole_rendering_where_text_survives(
    data: st.DataObject, family: Family, kind: str, request: pytest.FixtureRequest
) -> None:
    tokenizer = request.getfixturevalue(kind)
    template = family.of(tokenizer)
    said = PLAIN.filter(lambda text: text == text.strip())
    messages = [
        {"role": "system", "content": data.draw(PLAIN)},
        {"role": "user", "content": data.draw(PLAIN)},
    ]
    ids = template.initial(messages)
    for text, output in data.draw(st.lists(st.tuples(said, PLAIN), max_size=3)):
        own, answer = template.encode(family.lead + text), {"role": "user", "content": output}
        if not template.survives_text([*own, template.end_of_turn]):
            continue
        messages += [{"role": "assistant", "content": text}, answer]
        ended = data.draw(st.booleans())
        ids += [*own, template.end_of_turn] if ended else own
        ids += template.between([answer], ended=ended)
        assert template.keeps(text, [answer])
        assert template.whole(messages) == ids
    bound = template._tokenizer
    whole = bound.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert ids == list(whole)


@TOKENIZERS
@settings(max_examples=60)
@given(data=st.data())
def test_a_template_that_forgets_reasoning_makes_branches(
    data: st.DataObject, kind: str, request: pytest.FixtureRequest
) -> None:
    tokenizer = request.getfixturevalue(kind)
    turns = []
    for thinks in data.draw(st.lists(st.booleans(), min_size=2, max_size=4)):
        text = ("<think>\nhm 😊\n</think>\n\n" if thinks else "") + data.draw(PLAIN) + CALL
        turns.append(([*tokenizer.encode(text), tokenizer.eos_token_id], data.draw(OUTPUTS)))
    episode, engine, world = play(FORGETFUL, tokenizer, turns)
    assert episode.failure is None
    assert_record_is_what_the_engine_saw(episode, engine.seen)
    assert len(episode.branches) == 1 + sum("</think>" in text for text in world.heard[:-1])
    for prompt, _, _ in engine.seen:
        assert "hm 😊" not in engine.template.decode(prompt)
    assert sum(sum(branch.response_mask) for branch in episode.branches) == sum(len(i) for i, _ in turns)
    assert episode.drift is not None
    assert episode.drift.drifted == 0


@TOKENIZERS
@pytest.mark.parametrize("family", [FAMILIES["own"], FORGETFUL], ids=["keeps", "forgets"])
@settings(max_examples=40)
@given(data=st.data())
def test_a_full_window_drops_old_observations_into_a_new_branch(
    data: st.DataObject, family: Family, kind: str, request: pytest.FixtureRequest
) -> None:
    tokenizer = request.getfixturevalue(kind)
    turns = data.draw(st.lists(st.tuples(sampled(family, tokenizer), PLAIN), min_size=2, max_size=5))
    turns = [(ids[-24:], output + " 12" * 40) for ids, output in turns]
    room = data.draw(st.integers(90, 700))
    whole, free, _ = play(family, tokenizer, turns)
    longest = max(len(prompt) for prompt, _, _ in free.seen) + 24
    for drop in (False, True):
        limits = RolloutLimits(turn_tokens=24, context_tokens=room, drop_observations=drop)
        episode, engine, _ = play(family, tokenizer, turns, limits)
        assert episode.failure is None
        if engine.seen:
            assert_record_is_what_the_engine_saw(episode, engine.seen)
        assert all(len(prompt) + len(ids) <= room for prompt, ids, _ in engine.seen)
        if room >= longest:
            assert episode.branches == whole.branches
        elif not drop:
            assert len(episode.branches) <= 1 or family is FORGETFUL
        dropped = [DROPPED in engine.template.decode(prompt) for prompt, _, _ in engine.seen]
        assert dropped == sorted(dropped)
        assert drop or not any(dropped)
        if any(dropped):
            assert len(episode.branches) > 1
        assert episode.stop is (
            StopReason.TURN_LIMIT if len(engine.seen) == len(turns) else StopReason.TOKEN_LIMIT
        )


@pytest.mark.parametrize("number", [151665, 151935, 152063])
def test_padding_that_an_engine_samples_is_a_failure_and_no_record(qwen: Any, number: int) -> None:
    episode, _, _ = play(FAMILIES["own"], qwen, [([40], ""), ([40, number], ""), ([40], "")])
    assert (episode.stop, episode.failure) == (StopReason.FAILURE, Failure.POLICY)
    assert f"the engine sampled id {number}, but the tokenizer ends at 151664" in episode.failure_message
    assert [sum(branch.response_mask) for branch in episode.branches] == [1]


@settings(max_examples=60)
@given(data=st.data())
def test_retokenization_counts_the_messages_that_text_would_change(data: st.DataObject, qwen: Any) -> None:
    words = data.draw(
        st.lists(st.sampled_from(["hello", " world", "print", "(", "x", "\n", "😊"]), min_size=2)
    )
    text = "".join(words)
    whole = qwen.encode(text)
    parts = [number for word in text for number in qwen.encode(word)]
    episode, _, _ = play(FAMILIES["own"], qwen, [(whole, ""), (parts, ""), ([*whole, qwen.eos_token_id], "")])
    assert episode.drift is not None
    assert episode.drift.retokenized == (parts != whole)


def test_code_that_was_cut_at_a_random_place_seldom_survives_being_text(qwen: Any) -> None:
    template, rng, source = FAMILIES["own"].of(qwen), random.Random(0), Path(__file__).read_text()
    survived = 0
    for _ in range(200):
        start, length = rng.randrange(len(source) - 400), rng.randrange(200, 400)
        text, cut = source[start : start + length], rng.randrange(1, length)
        survived += template.survives_text([*qwen.encode(text[:cut]), *qwen.encode(text[cut:])])
    assert 20 <= survived <= 90


def test_a_summary_shows_the_rates_of_what_was_recorded(qwen: Any) -> None:
    pieces = [*qwen.encode("he"), *qwen.encode("llo")]
    exact, _, _ = play(FAMILIES["own"], qwen, [(qwen.encode("hello"), ""), (pieces, "")])
    summary = EvaluationSummary.of([exact, exact])
    assert (summary.drift_rate, summary.retokenization_rate) == (0.0, 0.5)
    assert summary.ids_line == "token ids: drift_rate 0.00%, retokenization_rate 50.00%"
    silent = EvaluationSummary.of([exact.model_copy(update={"drift": None, "branches": ()})])
    assert (silent.drift_rate, silent.retokenization_rate, silent.ids_line) == (None, None, "")


class Text:
    """A policy with a template whose engine gives no ids, or says that it saw others."""

    name = "text"

    def __init__(self, template: Any, answer: Completion) -> None:
        self.template, self._answer = template, answer

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        return self._answer


@pytest.mark.parametrize(
    ("answer", "exact"),
    [
        (Completion(text="hello <|im_end|>"), False),
        (Completion(text="hello", token_ids=(14990,), logprobs=(-1.0,), prompt_tokens=3), True),
        (Completion(text="hello", token_ids=(14990,), logprobs=(-1.0,), prompt_ids=(1, 2, 3)), True),
    ],
    ids=["no ids", "another count", "other ids"],
)
def test_an_engine_that_saw_something_else_drifts(qwen: Any, answer: Completion, exact: bool) -> None:
    world = World([{"role": "user", "content": "go"}], ["1", "2"], "fenced")
    policy = Text(FAMILIES["own"].of(qwen), answer)
    episode = asyncio.run(rollout(world, policy, task=TASK))  # type: ignore[arg-type]
    assert episode.drift is not None
    assert (episode.drift.turns, episode.drift.drifted) == (2, 2)
    assert all(branch.exact is exact for branch in episode.branches)
    if answer.prompt_ids:
        assert [branch.prompt_ids for branch in episode.branches] == [(1, 2, 3)] * 2


@settings(max_examples=60)
@given(data=st.data())
def test_an_endpoint_that_tells_its_ids_gives_exact_branches(data: st.DataObject) -> None:
    """It renders the conversation anew each time, and sometimes changes what it had sampled."""
    ids = st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple)
    turns = data.draw(st.lists(st.tuples(ids, ids, st.booleans()), min_size=1, max_size=5))
    seen: list[tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]] = []
    context: tuple[int, ...] = ()
    breaks = 0
    for observation, made, keeps in turns:
        if not keeps and context:
            context, breaks = (*context[:-1], 99), breaks + 1
        context += observation
        seen.append((context, made, (-0.5,) * len(made)))
        context += made
    answers = iter(seen)

    class Endpoint:
        name, template = "endpoint", None

        async def __call__(self, _context: PolicyContext, _sampling: Sampling) -> Completion:
            prompt, made, logprobs = next(answers)
            return Completion("x", made, logprobs, prompt_ids=prompt, prompt_tokens=len(prompt))

    world = World([{"role": "user", "content": "go"}], ["o"] * len(turns), "fenced")
    episode = asyncio.run(rollout(world, Endpoint(), task=TASK))  # type: ignore[arg-type]
    assert_record_is_what_the_engine_saw(episode, seen)
    assert len(episode.branches) == breaks + 1
    assert episode.drift is not None
    assert (episode.drift.turns, episode.drift.drifted, episode.drift.retokenized) == (len(turns), 0, breaks)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("hello", [14990]),
        (" world", [1879]),
        ("hello world", [14990, 1879]),
        ("I'm", [40, 2776]),
        ("\n", [198]),
        ("hello\n\n", [14990, 271]),
        ("😊", [144236]),
        ("<|im_end|>", [151645]),
    ],
)
def test_the_tokenizer_is_that_of_qwen(qwen: Any, text: str, ids: list[int]) -> None:
    assert qwen.encode(text) == ids
    assert qwen.decode(ids) == text
    assert (len(qwen), qwen.eos_token_id) == (151665, 151645)


def test_texts_of_tools_are_told_as_they_are(qwen: Any) -> None:
    template = FAMILIES["own"].of(qwen)
    for special in SPECIAL:
        text = f"a{special}b e\u0301"
        told = template.decode(template.between([{"role": "user", "content": text}], ended=True))
        assert unicodedata.normalize("NFC", text) in told


def test_the_tags_of_the_system_message_and_of_the_model_are_tokens(qwen: Any) -> None:
    template = FAMILIES["own"].of(qwen)
    call = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
    told = template.initial(
        [{"role": "system", "content": f"Write {call}<|im_end|>"}, {"role": "user", "content": call}]
    )
    assert (told.count(151657), told.count(151658)) == (1, 1)
    assert told.count(151645) == 2
    assert template.encode(call)[0] == 151657


def test_schemas_of_tools_are_in_the_prompt(qwen: Any) -> None:
    template = FAMILIES["own"].of(qwen)
    tool = {
        "type": "function",
        "function": {"name": "python", "parameters": {"type": "object", "properties": {}}},
    }
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "go"}]
    ids = template.initial(messages, tools=[tool])
    expected = qwen.apply_chat_template(messages, tools=[tool], add_generation_prompt=True, return_dict=False)
    assert ids == list(expected)
    assert '"name": "python"' in template.decode(ids)


def test_a_stop_text_ends_the_message_but_cuts_no_id(qwen: Any) -> None:
    template = FAMILIES["own"].of(qwen)
    stop = ("\n```\n",)
    whole = qwen.encode("```python\nx\n```\n\n")
    assert template.message(whole, stop) == "```python\nx\n```\n"
    assert template.message([*whole, *qwen.encode("```output\n1")], stop).endswith("```output\n1")
    between = template.between([{"role": "user", "content": "1"}], ended=False)
    assert between[0] == template.end_of_turn
