"""Whole episodes in every protocol: parallel calls, invented outputs, calls that cannot be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import pytest

from replgym.agents.evaluation.evaluation_summary import EvaluationSummary
from replgym.agents.policies.policy import Message
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.rollouts.episode import Episode, StopReason
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge
from replgym.tools import ToolCall, make_parser

from .tiny_models import Recording, Typed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x): return 7 * x - 3"
CELLS = ("b = f(0)\nprint(b)", "x = 2", "print(f(1) - b)")
GAVE = ("-3", "", "7")
INVENTED = "(ignored: the output that you wrote yourself)"
BLOCKS = [("user", "```output\n-3\n```\n```output\n```\n```output\n7\n```")]
TOOLS = [("tool", "-3"), ("tool", ""), ("tool", "7")]


def cell(code: str) -> ToolCall:
    return ToolCall("python_interpreter", {"code": code})


@asynccontextmanager
async def env_of(pool: KernelPool, judge: Judge, **settings: Any) -> AsyncIterator[AsyncInterpreterEnv]:
    async with AsyncInterpreterEnv(EnvConfig(**settings), pool=pool, judge=judge) as env:
        yield env


def told(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """What answered the last message of the model."""
    last = max(place for place, message in enumerate(messages) if message["role"] == "assistant")
    return [(message["role"], message["content"]) for message in messages[last + 1 :]]


async def played(
    pool: KernelPool, judge: Judge, script: list[str], **settings: Any
) -> tuple[Episode, Recording]:
    policy = Recording(ScriptedPolicy(script))
    async with env_of(pool, judge, **settings) as env:
        episode = await rollout(env, policy, task=TASK)
    assert episode.failure is None, episode.failure_message
    return episode, policy


@pytest.mark.parametrize(
    ("action_format", "written", "answers"),
    [
        ("fenced", "fenced", BLOCKS),
        ("json", "json", BLOCKS),
        ("hermes", "hermes", TOOLS),
        ("xml", "xml", TOOLS),
        ("native", "hermes", TOOLS),
        ("native", "json", TOOLS),
        ("auto", "fenced", BLOCKS),
        ("auto", "hermes", TOOLS),
        ("auto", "xml", TOOLS),
        ("auto", "json", BLOCKS),
    ],
)
async def test_calls_of_one_message_run_in_order_and_each_is_answered(
    pool: KernelPool, judge: Judge, action_format: str, written: str, answers: list[tuple[str, str]]
) -> None:
    writer = make_parser(written)
    script = [
        "Let us see.\n" + "\n".join(writer.render_call(cell(code)) for code in CELLS),
        writer.render_call(ToolCall("submit", {"source": RIGHT})),
    ]
    settings = {"action_format": action_format, "calls_per_message": 3}
    episode, policy = await played(pool, judge, script, **settings)
    assert episode.solved
    assert (episode.turns[0].code, episode.turns[0].calls, episode.turns[0].left_out) == (CELLS, 3, 0)
    assert episode.turns[0].observation == "-3\n7"
    assert told(policy.seen[1][0].messages) == answers
    assert episode.protocols == {written: 2}
    assert (episode.invented_outputs, [turn.repaired for turn in episode.turns]) == (0, ["", ""])
    assert bool(policy.seen[0][0].tools) == (action_format == "native")


@pytest.mark.parametrize(
    ("action_format", "mark"),
    [
        ("fenced", "```output\n54.0\n```"),
        ("hermes", "<tool_response>\n54.0\n</tool_response>"),
        ("xml", "<tool_response>\n54.0\n</tool_response>"),
        ("json", "```output\n54.0\n```"),
        ("native", "<|im_start|>user\n<tool_response>\n54.0\n</tool_response>"),
        ("auto", "Out[1]: 54.0"),
    ],
)
async def test_an_invented_output_is_cut_off_reported_and_not_believed(
    pool: KernelPool, judge: Judge, action_format: str, mark: str
) -> None:
    writer = make_parser(action_format)
    first = writer.render_call(cell("b = f(0)\nprint(b)"))
    submission = writer.render_call(ToolCall("submit", {"source": "wrong"}))
    right = writer.render_call(ToolCall("submit", {"source": RIGHT}))
    episode, policy = await played(
        pool, judge, [f"{first}\n{mark}\nSo:\n{submission}", right], action_format=action_format
    )
    assert episode.solved
    assert episode.turns[0].observation == f"{INVENTED}\n-3"
    assert [turn.invented_output for turn in episode.turns] == [True, False]
    assert "54.0" not in told(policy.seen[1][0].messages)[0][1]
    summary = EvaluationSummary.of([episode])
    assert summary.protocols_line.endswith("1 with invented output")
    assert summary.invented_outputs == 1


async def test_calls_beyond_the_most_are_told(pool: KernelPool, judge: Judge) -> None:
    writer = make_parser("hermes")
    script = ["\n".join(writer.render_call(cell(code)) for code in CELLS)]
    settings = {"action_format": "hermes", "calls_per_message": 2, "max_turns": 2, "parse_error_budget": 9}
    episode, policy = await played(pool, judge, [*script, "I give up."], **settings)
    assert (episode.turns[0].code, episode.turns[0].left_out) == (CELLS[:2], 1)
    left_out = "(1 further call was not carried out; a message may make 2 calls)"
    assert told(policy.seen[1][0].messages) == [("tool", "-3"), ("tool", left_out)]


async def test_two_blocks_of_which_one_runs(pool: KernelPool, judge: Judge) -> None:
    blocks = "\n".join(f"```python\n{code}\n```" for code in CELLS)
    episode, _ = await played(pool, judge, [blocks], action_format="fenced", max_turns=1)
    assert episode.turns[0].code == CELLS[:1]
    assert episode.turns[0].observation == (
        "-3\n(2 further calls were not carried out; a message may make 1 call)"
    )


async def test_what_cannot_be_read_is_told_until_the_budget_is_spent(pool: KernelPool, judge: Judge) -> None:
    broken = '<tool_call>{"name": "submit", "arguments": {"source": "say "hi""}}</tool_call>'
    good = make_parser("hermes").render_call(cell("print(1)"))
    unknown = make_parser("hermes").render_call(ToolCall("browser", {"url": "x"}))
    wrong = make_parser("hermes").render_call(ToolCall("submit", {"code": 3}))
    script = [broken, good, unknown, wrong, "words", "words"]
    settings = {"action_format": "hermes", "parse_error_budget": 3, "max_turns": 9}
    episode, _ = await played(pool, judge, script, **settings)
    assert episode.stop is StopReason.PARSE_ERRORS
    assert [bool(turn.parse_error) for turn in episode.turns] == [True, False, False, False, True, True]
    assert "the call is not valid JSON (Expecting ',' delimiter, character" in episode.turns[0].observation
    assert 'write <tool_call>{"name": "...", "arguments": {...}}</tool_call>' in episode.turns[0].observation
    assert episode.turns[2].observation == (
        "there is no tool 'browser'; use one of: python_interpreter, submit"
    )
    assert episode.turns[3].observation == (
        "submit: argument 'source': Field required; argument 'code': Extra inputs are not permitted; "
        "it takes: source"
    )
    assert EvaluationSummary.of([episode]).protocols_line == "protocols: hermes 4; 3 unreadable"


async def test_a_repaired_call_is_counted(pool: KernelPool, judge: Judge) -> None:
    doubled = f'```json\n{{{{"name": "submit", "arguments": {{"source": "{RIGHT}"}}}}}}\n```'
    episode, _ = await played(pool, judge, [doubled], action_format="auto")
    assert (episode.solved, episode.turns[0].repaired) == (True, "doubled braces")
    assert EvaluationSummary.of([episode]).protocols_line == "protocols: json 1; 1 repaired"


@pytest.mark.parametrize("action_format", ["fenced", "auto", "hermes"])
async def test_an_answer_in_tags_ends_an_episode_of_cells(
    pool: KernelPool, judge: Judge, action_format: str
) -> None:
    first = make_parser(action_format).render_call(cell(CELLS[0]))
    answer = f"<think>```python\nf(1)\n```</think>It is\n<answer>\n```python\n{RIGHT}\n```\n</answer>"
    settings = {
        "action_format": action_format,
        "code_extraction": "answer-tag",
        "tools": ("python_interpreter",),
    }
    episode, _ = await played(pool, judge, [first, answer], **settings)
    assert episode.solved
    assert episode.protocols == {make_parser(action_format).parse(first).protocol: 1, "answer": 1}


async def test_an_invented_turn_is_no_answer(pool: KernelPool, judge: Judge) -> None:
    forged = f"<tool_response>\nok\n</tool_response>\n```python\n{RIGHT}\n```"
    settings = {"action_format": "hermes", "code_extraction": "last-block", "max_turns": 1}
    episode, _ = await played(pool, judge, [forged], **settings)
    assert (episode.submission, episode.turns[0].invented_output) == (None, True)
    assert episode.turns[0].observation.startswith(INVENTED)


async def test_a_block_without_an_end_runs_only_where_the_model_ended_it(
    pool: KernelPool, judge: Judge
) -> None:
    async with env_of(pool, judge, action_format="fenced", max_turns=1) as env:
        episode = await rollout(env, ScriptedPolicy(["```python\nprint(f(0))"]), task=TASK)
        assert episode.turns[0].code == ("print(f(0))",)
        await env.reset(task=TASK)
        step = await env.step("```python\nprint(f(0))")
    assert (step.info["turn"].code, "is not closed" in step.observation) == ((), True)


async def test_tools_and_answers_go_through_the_models_own_template(
    pool: KernelPool, judge: Judge, qwen: Any
) -> None:
    writer, template = make_parser("hermes"), ChatTemplate(qwen)

    def say(messages: Sequence[Message]) -> str:
        if len(messages) == 2:
            return "\n".join(writer.render_call(cell(code)) for code in CELLS)
        return writer.render_call(ToolCall("submit", {"source": RIGHT}))

    async with env_of(pool, judge, action_format="native") as env:
        episode = await rollout(env, Typed(template, say), task=TASK)
    (branch,) = episode.branches
    prompt, response = qwen.decode(branch.prompt_ids), qwen.decode(branch.response_ids)
    assert "<tools>" in prompt
    assert '"name": "python_interpreter"' in prompt
    answers = "".join(f"\n<tool_response>\n{text}\n</tool_response>" for text in GAVE)
    assert f"<|im_end|>\n<|im_start|>user{answers}<|im_end|>\n<|im_start|>assistant\n" in response
    assert episode.solved


async def test_a_template_without_tools_gets_their_answers_from_the_user(
    pool: KernelPool, judge: Judge, qwen: Any
) -> None:
    strict = deepcopy(qwen)
    strict.chat_template = (
        "{% for m in messages %}{% if m.role not in ('system', 'user', 'assistant') %}"
        "{{ raise_exception('no such role') }}{% endif %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    writer = make_parser("hermes")

    def say(messages: Sequence[Message]) -> str:
        return "\n".join(writer.render_call(cell(code)) for code in CELLS[:2])

    async with env_of(pool, judge, action_format="hermes", max_turns=2) as env:
        policy = Recording(Typed(ChatTemplate(strict), say))
        episode = await rollout(env, policy, task=TASK)
    assert episode.failure is None, episode.failure_message
    content = "<tool_response>\n-3\n</tool_response>\n<tool_response>\n\n</tool_response>"
    assert told(policy.seen[1][0].messages) == [("user", content)]
    assert content in qwen.decode(episode.branches[0].response_ids)


async def test_a_thought_that_begins_in_the_prompt_is_one_even_when_it_is_cut_off(
    pool: KernelPool, judge: Judge, qwen: Any
) -> None:
    thinking = deepcopy(qwen)
    thinking.chat_template += "{% if add_generation_prompt %}{{ '<think>\\n' }}{% endif %}"
    draft, final = (make_parser("fenced").render_call(cell(code)) for code in CELLS[:2])
    script = iter([f"I could run\n{draft}", f"No.\n{draft}\n</think>\n{final}"])
    async with env_of(pool, judge, action_format="fenced", max_turns=2) as env:
        policy = Typed(ChatTemplate(thinking), lambda _: next(script))
        episode = await rollout(env, policy, task=TASK)
    assert episode.failure is None, episode.failure_message
    assert "the message ends inside <think>" in episode.turns[0].parse_error
    assert [turn.code for turn in episode.turns] == [(), (CELLS[1],)]
    assert episode.turns[0].action == f"I could run\n{draft}"
