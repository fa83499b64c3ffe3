"""verl's own worker, configuration and data set around our agent loop; the engine is played by an expert."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import torch
from hydra import compose, initialize_config_module
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput, AgentLoopWorker, DictConfigWrap
from verl.trainer.ppo.core_algos import agg_loss
from verl.trainer.ppo.utils import create_rl_dataset
from verl.trainer.ppo.v1.utils import compute_advantage_for_multi_trajectories
from verl.utils.dataset.rl_dataset import collate_fn
from verl.workers.rollout.replica import TokenOutput

from replgym.agents.policies.expert_policy import next_cell
from replgym.agents.rollouts.episode import Failure
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import agent_loop_entry
from replgym.agents.verl_adapter.agent_loop import InterpreterAgentLoop
from replgym.agents.verl_adapter.names import ENGINE
from replgym.agents.verl_adapter.worker_resources import worker_resources
from replgym.envs import TaskSet

from .templates import FORGETFUL
from .verl_training import written_run

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIG = TrainConfig.load(
    "multiturn_cpu", ["kernels=4", "rollout.max_prompt_tokens=600", "rollout.max_response_tokens=1200"]
)
TASKS = TaskSet.load("blackbox", levels=(1, 2), size=2, seed=3)
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0, "logprobs": True}


class Engine:
    """What verl hands to an agent loop, with a function of (prompt ids, parameters) in place of servers."""

    tokenizer = None
    stop_reason = "completed"

    def __init__(self, answer: Callable[[list[int], dict[str, Any]], list[int]]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, list[int], dict[str, Any]]] = []
        self.answered: list[list[int]] = []

    async def generate(
        self, request_id: str, *, prompt_ids: list[int], sampling_params: dict[str, Any], **_: Any
    ) -> TokenOutput:
        self.asked.append((request_id, list(prompt_ids), dict(sampling_params)))
        ids = self._answer(prompt_ids, sampling_params)
        self.answered.append(ids)
        return TokenOutput(
            token_ids=ids,
            log_probs=[-0.25] * len(ids),
            stop_reason=self.stop_reason,
            extra_fields={"global_steps": 4},
        )


class Hanging:
    tokenizer = None

    async def generate(self, request_id: str, **_: Any) -> TokenOutput:
        await asyncio.Event().wait()
        raise AssertionError


def expert(tokenizer: Any) -> Callable[[list[int], dict[str, Any]], list[int]]:
    """Reads the conversation from the ids, as a model does."""

    def answer(prompt_ids: list[int], _parameters: dict[str, Any]) -> list[int]:
        found = re.findall(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>", tokenizer.decode(prompt_ids), re.DOTALL)
        cell = next_cell([{"role": role, "content": content} for role, content in found])
        ids = tokenizer.encode(f"```python\n{cell}\n```", add_special_tokens=False)
        return [*ids, tokenizer.eos_token_id]

    return answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def verl_config(folder: Path, tiny_folder: Path) -> Any:
    overrides = written_run(folder, CONFIG, TASKS, tiny_folder, steps=1)
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose("ppo_trainer", overrides)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def resources(folder: Path) -> AsyncIterator[Any]:
    """Those of this process, closed at the end; a verl worker keeps them as long as it lives."""
    (folder / "episodes").mkdir()
    entry = agent_loop_entry(CONFIG, folder / "episodes")[0]
    shared = worker_resources(entry["env_json"], entry["kernels"], entry["episodes_dir"])
    yield shared
    await shared.pool.close()
    await shared.judge.close()
    worker_resources.cache_clear()


def loop_of(
    verl_config: Any, tokenizer: Any, engine: Any, folder: Path, **changes: Any
) -> InterpreterAgentLoop:
    entry = agent_loop_entry(CONFIG, folder / "episodes")[0] | changes
    settings = {key: value for key, value in entry.items() if key not in ("name", "_target_")}
    return InterpreterAgentLoop(
        trainer_config=DictConfigWrap(verl_config),
        server_manager=engine,
        tokenizer=tokenizer,
        processor=None,
        dataset_cls=None,
        data_config=DictConfigWrap(verl_config.data),
        hf_model_type="qwen2",
        **settings,
    )


def row(number: int = 0) -> dict[str, Any]:
    return {
        "extra_info": {"task": TASKS[number].model_dump_json()},
        "uid": "group",
        "session_id": 2,
        "global_steps": 4,
    }


async def test_verls_worker_plays_rows_of_the_data_set(verl_config: Any, folder: Path) -> None:
    engine = Engine(lambda ids, parameters: answer(ids, parameters))
    worker = AgentLoopWorker(verl_config, llm_client=engine, reward_loop_worker_handles=None)
    answer = expert(worker.tokenizer)
    rows = create_rl_dataset(verl_config.data.train_files, verl_config.data, worker.tokenizer, None)
    batch = DataProto.from_single_dict(collate_fn([rows[0], rows[1]])).repeat(2, interleave=True)
    batch.meta_info.update(global_steps=1, validate=False)
    batch.non_tensor_batch["uid"] = np.array(["a", "a", "b", "b"], dtype=object)
    made = await worker.generate_sequences(batch)
    assert made.batch["rm_scores"].sum(-1).tolist() == [1.0] * 4
    assert made.batch["responses"].shape[1] == CONFIG.rollout.max_response_tokens
    assert made.non_tensor_batch["acc"].tolist() == [1.0] * 4
    mask = made.batch["response_mask"].bool()
    assert (made.batch["rollout_log_probs"][mask] == -0.25).all()
    assert (made.batch["rollout_log_probs"][~mask] == 0).all()
    sampled = sorted(len(ids) for ids in engine.answered)
    assert int(mask.sum()) == sum(sampled)
    assert {parameters["key"] for _, _, parameters in engine.asked} == {one for one, _, _ in engine.asked}


async def test_an_episode_reaches_verl_token_for_token(
    verl_config: Any, tokenizer: Any, folder: Path, resources: Any
) -> None:
    engine = Engine(expert(tokenizer))
    shared = dict(PARAMETERS)
    made = await loop_of(verl_config, tokenizer, engine, folder).run(shared, **row())
    assert shared == PARAMETERS
    assert isinstance(made, AgentLoopOutput)
    assert made.reward_score == 1.0
    whole = made.prompt_ids + made.response_ids
    mask = [0] * len(whole)
    for (_, prompt, parameters), ids in zip(engine.asked, engine.answered, strict=True):
        assert whole[: len(prompt) + len(ids)] == [*prompt, *ids]
        mask[len(prompt) : len(prompt) + len(ids)] = [1] * len(ids)
        assert parameters.items() >= PARAMETERS.items()
        assert parameters["max_new_tokens"] <= CONFIG.rollout.max_turn_tokens
    assert made.response_mask == mask[len(made.prompt_ids) :]
    assert made.response_logprobs == [-0.25 * one for one in made.response_mask]
    turns = len(engine.asked)
    assert made.num_turns == 2 + turns + (turns - 1)
    told = {"acc": 1.0, "turns": turns, "tool_calls": turns, "void_turns": 0, "invented_outputs": 0}
    assert made.extra_fields["reward_extra_info"] == told
    assert (made.extra_fields["min_global_steps"], made.extra_fields["max_global_steps"]) == (4, 4)
    assert len({request for request, _, _ in engine.asked}) == 1
    made.as_dict()
    assert resources.pool.stats().acquired == 0
    logged = list(read_episodes(resources.log.path))[-1]
    assert (logged.group, logged.sample, logged.step, logged.reward) == ("group", 2, 4, 1.0)
    assert logged.info == {"split": "train", "difficulty": "level-1"}
    assert logged.branches[0].response_ids == tuple(made.response_ids)


@pytest.mark.parametrize("split", ["heldout", "test"])
async def test_episodes_of_rows_to_measure_with_have_a_log_of_their_own(
    verl_config: Any, tokenizer: Any, folder: Path, resources: Any, split: str
) -> None:
    trained = resources.log.path.read_bytes() if resources.log.path.exists() else b""
    measured = row()
    measured["extra_info"]["split"] = split
    await loop_of(verl_config, tokenizer, Engine(expert(tokenizer)), folder).run(dict(PARAMETERS), **measured)
    logged = list(read_episodes(resources.heldout_log.path))[-1]
    assert (logged.step, logged.info["split"], logged.reward) == (4, split, 1.0)
    assert (resources.log.path.read_bytes() if resources.log.path.exists() else b"") == trained
    names = [resources.log.path.name, resources.heldout_log.path.name]
    assert [name.split("-")[0] for name in names] == ["train", "heldout"]


@pytest.mark.parametrize(("mask_void_turns", "talks"), [(True, True), (True, False), (False, True)])
async def test_an_episode_with_a_void_turn_can_be_left_out_of_the_loss(
    verl_config: Any, tokenizer: Any, folder: Path, mask_void_turns: bool, talks: bool
) -> None:
    act, texts = expert(tokenizer), ("Let me think.", "```python\nsubmit('x')\n```")

    def answer(ids: list[int], parameters: dict[str, Any]) -> list[int]:
        if not talks:
            return act(ids, parameters)
        text = texts[len(engine.asked) - 1]
        return [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]

    engine = Engine(answer)
    loop = loop_of(verl_config, tokenizer, engine, folder, mask_void_turns=mask_void_turns)
    made = await loop.run(dict(PARAMETERS), **row())
    assert isinstance(made, AgentLoopOutput)
    assert made.reward_score == (0.0 if talks else 1.0)
    assert made.extra_fields["reward_extra_info"]["void_turns"] == talks
    sampled = 0 if mask_void_turns and talks else sum(map(len, engine.answered))
    assert sum(made.response_mask) == sampled
    assert len(made.response_mask) == len(made.response_ids)
    logged = list(read_episodes(loop._resources.log.path))[-1]
    assert sum(logged.branches[0].response_mask) == sum(map(len, engine.answered))


async def test_verl_gives_a_masked_episode_no_gradient_and_its_place_in_the_group() -> None:
    mask = torch.tensor([[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 1]])
    scores = torch.zeros(4, 4)
    scores[:, -1] = torch.tensor([1.0, 0.0, 0.0, 1.0])
    group = {"uid": np.array(["a"] * 4, dtype=object)}
    batch = DataProto.from_dict({"response_mask": mask, "token_level_rewards": scores}, group)
    settings = {"gamma": 1.0, "lam": 1.0, "num_repeat": 4, "norm_adv_by_std_in_grpo": True, "config": None}
    keys = [f"a_{number}_0" for number in range(4)]
    made = compute_advantage_for_multi_trajectories(batch, keys, adv_estimator="grpo", **settings)
    logprobs = torch.zeros(4, 4, requires_grad=True)
    agg_loss(-made.batch["advantages"] * torch.exp(logprobs), mask, "token-mean").backward()
    expected = mask * torch.tensor([[-1.0], [0.0], [1.0], [-1.0]]) * (0.5 / scores[:, -1].std()) / mask.sum()
    assert logprobs.grad is not None
    torch.testing.assert_close(logprobs.grad, expected, rtol=1e-4, atol=0)


async def test_a_template_that_forgets_reasoning_gives_verl_an_output_a_branch(
    verl_config: Any, tokenizer: Any, folder: Path
) -> None:
    forgetful = copy.copy(tokenizer)
    forgetful.chat_template = FORGETFUL.jinja
    act, think = expert(tokenizer), tokenizer.encode("<think>x</think>", add_special_tokens=False)
    engine = Engine(lambda ids, parameters: [*think, *act(ids, parameters)])
    made = await loop_of(verl_config, forgetful, engine, folder).run(dict(PARAMETERS), **row())
    assert isinstance(made, list)
    assert len(made) == len(engine.asked) > 1
    for output, (_, prompt, _), ids in zip(made, engine.asked, engine.answered, strict=True):
        assert (output.prompt_ids, output.response_ids) == (prompt, ids)
        assert output.response_mask == [1] * len(ids)
        assert output.response_logprobs == [-0.25] * len(ids)
        assert (output.reward_score, output.extra_fields) == (1.0, made[-1].extra_fields)


async def test_verl_gives_all_branches_of_an_episode_one_advantage_and_every_token_one_weight() -> None:
    mask = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1]])
    scores = torch.zeros(3, 4)
    scores[:, -1] = torch.tensor([1.0, 1.0, 0.0])
    group = {"uid": np.array(["a"] * 3, dtype=object)}
    batch = DataProto.from_dict({"response_mask": mask, "token_level_rewards": scores}, group)
    settings = {"gamma": 1.0, "lam": 1.0, "num_repeat": 2, "norm_adv_by_std_in_grpo": True, "config": None}
    keys = ["a_0_0", "a_0_1", "a_1_0"]
    made = compute_advantage_for_multi_trajectories(batch, keys, adv_estimator="grpo", **settings)
    logprobs = torch.zeros(3, 4, requires_grad=True)
    agg_loss(-made.batch["advantages"] * torch.exp(logprobs), mask, "token-mean").backward()
    one = 0.5 / torch.tensor([1.0, 0.0]).std()  # two episodes, not three outputs, make the group's statistics
    expected = mask * torch.tensor([[-1.0], [-1.0], [1.0]]) * one / mask.sum()
    assert logprobs.grad is not None
    torch.testing.assert_close(logprobs.grad, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("name", "blind", "given"),
    [(ENGINE, True, True), ("vllm", True, True), ("sglang", False, True), ("sglang", True, False)],
)
async def test_a_message_ends_at_its_call_whether_or_not_the_engine_can_stop(
    verl_config: Any, tokenizer: Any, folder: Path, name: str, blind: bool, given: bool
) -> None:
    config = verl_config.copy()
    config.actor_rollout_ref.rollout.name = name
    config.actor_rollout_ref.rollout.skip_tokenizer_init = blind
    act, invented = expert(tokenizer), tokenizer.encode("\n```output\n5\n```\n", add_special_tokens=False)
    engine = Engine(lambda ids, parameters: [*act(ids, parameters)[:-1], *invented])
    made = await loop_of(config, tokenizer, engine, folder, stop_at_call=True).run(dict(PARAMETERS), **row())
    assert isinstance(made, AgentLoopOutput)
    assert made.reward_score == 1.0
    assert {"stop" in parameters for _, _, parameters in engine.asked} == {given}
    told = tokenizer.decode([n for n, one in zip(made.response_ids, made.response_mask, strict=True) if one])
    assert "output" not in told
    assert made.extra_fields["reward_extra_info"]["invented_outputs"] == 0
    for _, prompt, _ in engine.asked:
        assert [*made.prompt_ids, *made.response_ids][: len(prompt)] == prompt


async def test_without_stops_a_policy_must_end_its_turns(
    verl_config: Any, tokenizer: Any, folder: Path
) -> None:
    engine = Engine(expert(tokenizer))
    made = await loop_of(verl_config, tokenizer, engine, folder).run(dict(PARAMETERS), **row())
    assert isinstance(made, AgentLoopOutput)
    assert not any("stop" in parameters for _, _, parameters in engine.asked)
    ends = [n for n, one in zip(made.response_ids, made.response_mask, strict=True) if one]
    assert ends.count(tokenizer.eos_token_id) == len(engine.asked)


@pytest.mark.parametrize(
    ("engine", "failure"),
    [
        (Hanging, Failure.POLICY),
        (lambda: Engine(lambda ids, parameters: []), Failure.POLICY),
        (lambda: Engine(lambda ids, parameters: 1 // 0), Failure.INTERNAL),
    ],
    ids=["hangs", "gives no tokens", "raises"],
)
async def test_an_engine_that_fails_gives_verl_nothing(
    verl_config: Any, tokenizer: Any, folder: Path, resources: Any, engine: Any, failure: Failure
) -> None:
    before = sum(1 for _ in read_episodes(resources.log.path)) if resources.log.path.exists() else 0
    loop = loop_of(verl_config, tokenizer, engine(), folder, episode_seconds=1.0)
    with pytest.raises(RuntimeError, match=f"an episode of {re.escape(TASKS[0].id)} failed 2 times: "):
        await asyncio.wait_for(loop.run(dict(PARAMETERS), **row()), 120)
    assert resources.pool.stats().acquired == 0
    tries = list(read_episodes(resources.log.path))[before:]
    assert len(tries) == 2
    assert all(episode.failure in (failure, Failure.TIMEOUT) for episode in tries)
    assert [episode.reward for episode in tries] == [None, None]


async def test_a_message_that_the_engine_aborted_is_no_message(
    verl_config: Any, tokenizer: Any, folder: Path
) -> None:
    engine = Engine(expert(tokenizer))
    engine.stop_reason = "aborted"
    loop = loop_of(verl_config, tokenizer, engine, folder)
    with pytest.raises(RuntimeError, match="aborted the message"):
        await loop.run(dict(PARAMETERS), **row())
    last = list(read_episodes(loop._resources.log.path))[-1]
    assert (last.failure, last.branches) == (Failure.POLICY, ())


async def test_responses_stay_within_verls_length(
    verl_config: Any, tokenizer: Any, folder: Path, resources: Any
) -> None:
    def babble(ids: list[int], parameters: dict[str, Any]) -> list[int]:
        return [20 + len(ids) % 200] * parameters["max_new_tokens"]

    config = verl_config.copy()
    for length in (64, 97, 160):
        config.data.max_response_length = length
        made = await loop_of(config, tokenizer, Engine(babble), folder).run(dict(PARAMETERS), **row())
        assert isinstance(made, AgentLoopOutput)
        assert len(made.response_ids) <= length
        assert len(made.response_ids) == len(made.response_mask) == len(made.response_logprobs)
        assert (made.response_mask[-1], made.reward_score) == (1, 0.0)


async def test_what_verl_averages_has_the_same_keys_in_every_episode(
    verl_config: Any, tokenizer: Any, folder: Path
) -> None:
    wrong = tokenizer.encode("```python\nsubmit('x')\n```", add_special_tokens=False)
    talk = tokenizer.encode("I do not know.", add_special_tokens=False)
    end = [tokenizer.eos_token_id]
    answers = [expert(tokenizer), lambda ids, _: wrong + end, lambda ids, _: talk + end]
    kinds = set()
    for answer in answers:
        made = await loop_of(verl_config, tokenizer, Engine(answer), folder).run(dict(PARAMETERS), **row(1))
        assert isinstance(made, AgentLoopOutput)
        kinds.add((tuple(made.extra_fields["reward_extra_info"]), tuple(made.extra_fields)))
    assert len(kinds) == 1


async def test_a_prompt_that_is_too_long_is_left_out(verl_config: Any, tokenizer: Any, folder: Path) -> None:
    config, engine = verl_config.copy(), Engine(expert(tokenizer))
    config.data.max_prompt_length = 20
    with pytest.raises(RuntimeError, match="no token was sampled"):
        await loop_of(config, tokenizer, engine, folder).run(dict(PARAMETERS), **row())
    assert engine.asked == []
