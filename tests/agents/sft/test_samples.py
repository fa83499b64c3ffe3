"""What is learnt of a conversation is, id for id and mask for mask, what its rollout fed the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.agents.policies.native_tools import native_messages
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.sft.episode_conversation import conversation_of
from replgym.agents.sft.samples import samples_of
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family as Hidden
from replgym.envs.task_sources.conversation import Conversation, write_conversations
from replgym.envs.task_sources.conversation_reader import read_conversations
from replgym.kernels import KernelPool
from replgym.rewards import Judge
from replgym.tools.formats.native_calls import NativeCall, with_calls

from ..scripted_world import World
from ..templates import FAMILIES, FORGETFUL, Family
from ..tiny_models import Typed

TASK = make_task(Hidden.LINEAR, (7, -3))
RIGHT = "def solution(x): return 7 * x - 3"
ODD = "print('<|im_end|>\\n<|im_start|>user\\n</tool_response>')"
SUBMIT = f'submit("{RIGHT}")'
CELLS = {
    "fenced": [f"Look.\n```python\n{ODD}\n```", "no code", f"```python\n{SUBMIT}\n```"],
    "auto": [f"```python\n{ODD}\n```", f"```python\n{SUBMIT}\n```"],
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "<|im_end|>",
        "<|im_start|>assistant\n",
        "<tool_call>",
        "<think>",
        "</think>",
        "```",
        "\r\n",
        " ",
        "👩‍👩‍👧",
    ]
)
WORDS = st.lists(TEXTS, max_size=4).map("".join)
ALL = {**FAMILIES, "forgetful": FORGETFUL}


def call(name: str, **arguments: str) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


for form in ("hermes", "native"):
    two = "\n".join(call("python_interpreter", code=code) for code in (ODD, "print(f(0))"))
    CELLS[form] = [f"Look.\n{two}", "<tool_call>{", call("submit", source=RIGHT)]


def typed(template: ChatTemplate, texts: Sequence[str]) -> Typed:
    return Typed(template, lambda messages: texts[sum(each["role"] == "assistant" for each in messages)])


def stored(conversation: Conversation, path: Path) -> Conversation:
    write_conversations([conversation], path)
    (read,) = read_conversations([path])
    assert read == conversation
    return conversation


def fed(episode: Episode) -> list[Any]:
    return [(each.prompt_ids, each.response_ids, each.response_mask) for each in episode.branches]


def learnt(conversation: Conversation, template: ChatTemplate) -> list[Any]:
    made = samples_of(conversation, template)
    return [(each.prompt_ids, each.response_ids, each.response_mask) for each in made]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", ["tokenizer", "qwen"])
@pytest.mark.parametrize("form", CELLS)
async def test_an_episode_is_learnt_as_it_was_played(
    form: str, kind: str, pool: KernelPool, judge: Judge, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    template = ChatTemplate(request.getfixturevalue(kind))
    async with AsyncInterpreterEnv(EnvConfig(action_format=form), pool=pool, judge=judge) as env:
        episode = await rollout(env, typed(template, CELLS[form]), task=TASK)
    assert episode.solved
    assert Episode.model_validate_json(episode.model_dump_json()) == episode
    assert bool(episode.tool_schemas) == (form == "native")
    for name in ("c.parquet", "c.jsonl"):
        assert learnt(stored(conversation_of(episode), tmp_path / name), template) == fed(episode)


@pytest.mark.parametrize("kind", ["tokenizer", "qwen"])
@pytest.mark.parametrize("family", ALL.values(), ids=list(ALL))
@settings(max_examples=15)
@given(turns=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_any_text_is_learnt_as_it_was_fed(
    turns: list[tuple[str, str]], family: Family, kind: str, request: pytest.FixtureRequest
) -> None:
    template = family.of(request.getfixturevalue(kind))
    first = [{"role": "system", "content": "s"}, {"role": "user", "content": "go"}]
    world = World(first, [answer for _, answer in turns], "fenced")
    policy = typed(template, [said for said, _ in turns])
    episode = asyncio.run(rollout(world, policy, task=TASK))  # type: ignore[arg-type]
    assert episode.failure is None, episode.failure_message
    assert learnt(conversation_of(episode), template) == fed(episode)


def test_each_message_is_learnt_once_where_reasoning_is_dropped(qwen: Any) -> None:
    template = FORGETFUL.of(qwen)
    said = [f"<think>{word}</think>\nsay {word}" for word in ("one", "two", "three")]
    messages = [{"role": "user", "content": "go"}]
    for text in said:
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": "on"}]
    made = samples_of(
        Conversation.model_validate({"id": "c", "source": "s", "messages": messages[:-1]}), template
    )
    assert len(made) == 3
    for branch, text in zip(made, said, strict=True):
        ids = [n for n, mask in zip(branch.response_ids, branch.response_mask, strict=True) if mask]
        assert qwen.decode(ids) == f"{text}<|im_end|>"
    assert "<think>one" not in qwen.decode(made[1].prompt_ids)


def test_a_thought_that_the_prompt_begins_is_not_begun_twice(qwen: Any) -> None:
    template = Family(
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
    ).of(qwen)
    said = {"role": "assistant", "content": "<think>\nEasy.\n</think>\n2"}
    conversation = Conversation.model_validate(
        {"id": "c", "source": "s", "messages": [{"role": "user", "content": "1 + 1"}, said]}
    )
    (branch,) = samples_of(conversation, template)
    whole = qwen.decode(branch.prompt_ids + branch.response_ids)
    assert whole.endswith("<|im_start|>assistant\n<think>\nEasy.\n</think>\n2<|im_end|>")


def test_calls_of_an_endpoint_are_learnt_as_the_models_template_writes_them(qwen: Any) -> None:
    code = 'print(\'ü\', "<b>" < "&")\n'
    said = with_calls(
        "Let me look.",
        [NativeCall(f"call_{n}", "python_interpreter", json.dumps({"code": code})) for n in range(2)],
    )
    episode = Episode.model_validate(
        {
            "id": "e",
            "task_id": "t",
            "policy": "teacher",
            "messages": [{"role": "user", "content": "go"}],
            "action_format": "native",
            "turns": [{"action": said, "observation": "a\nb", "answers": ["a", "b"], "protocol": "native"}]
            * 2,
            "stop": "turn_limit",
        }
    )
    conversation = conversation_of(episode)
    native = native_messages([message.model_dump() for message in conversation.messages])
    calls = [{"role": "user", "content": "go"}]
    for text, answers in ((said, ("a", "b")), (said, ())):
        (message, *_) = native_messages([{"role": "assistant", "content": text}])
        for each in message["tool_calls"]:
            each["function"]["arguments"] = json.loads(each["function"]["arguments"])
        calls += [message, *({"role": "tool", "content": answer} for answer in answers)]
    assert qwen.apply_chat_template(native, tokenize=False) == qwen.apply_chat_template(calls, tokenize=False)
