"""What stands between verl and SGLang: weights that change, messages that go on, servers that fail."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ray.exceptions import RayTaskError
from safetensors.torch import load_file
from verl.workers.config import RolloutConfig

from replgym.agents.engines import ScriptedEngine
from replgym.agents.policies.policy import PolicyError
from replgym.agents.verl_adapter import sglang_http_rollout
from replgym.agents.verl_adapter.names import SUPPORTED_VERL
from replgym.agents.verl_adapter.sglang_http_replica import server_name
from replgym.agents.verl_adapter.sglang_http_server import SGLangHttpServer
from replgym.agents.verl_adapter.sglang_http_settings import SGLangHttpSettings, share_of
from replgym.agents.verl_adapter.weight_folder import write_weights

from .small_world import END, engine, template

PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0, "logprobs": True}
PROMPT = [5, 6, 7]


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tokenizer")
    template()._tokenizer.save_pretrained(folder)
    return str(folder)


@asynccontextmanager
async def server_over(
    tokenizer_folder: str,
    *engines: ScriptedEngine,
    looks_after: int | None = None,
    temperature: float = 1.0,
    seconds: float = 20.0,
) -> AsyncIterator[SGLangHttpServer]:
    urls = [one.url for one in engines]
    settings = SGLangHttpSettings(
        urls=tuple(urls), weights_folder=Path("/weights"), message_seconds=seconds, sync_seconds=seconds
    )
    server = SGLangHttpServer(
        settings,
        tokenizer_folder,
        urls=urls,
        looks_after=urls[:looks_after],
        temperature=temperature,
        slots=8,
        lengths=(64, 16),
    )
    try:
        yield server
    finally:
        await server._fleet.close()


def talking(count: int) -> Any:
    return lambda _prompt, _number: [*range(10, 10 + count), END]


async def test_it_answers_verl_with_the_ids_and_the_step_of_the_weights(tokenizer_folder: str) -> None:
    async with (
        engine(script=talking(3), encode=template().encode) as one,
        server_over(tokenizer_folder, one) as server,
    ):
        await server.check()
        await server.load_weights("/weights/a-4", "a-4", 4)
        asked = PARAMETERS | {
            "max_new_tokens": 9,
            "stop": ["x"],
            "stop_token_ids": [3],
            "top_k": 50,
            "key": "e",
        }
        made = await server.generate(PROMPT, asked, "request")
        assert made.token_ids == [10, 11, 12, END]
        assert made.log_probs == one._logprobs(made.token_ids, 1.0)
        assert (made.stop_reason, made.num_preempted) == ("stop", 0)
        assert made.extra_fields == {"global_steps": 4, "min_global_steps": 4, "max_global_steps": 4}
        sent = one.asked[-1]
        assert sent["input_ids"] == PROMPT
        assert sent["sampling_params"].items() >= {"top_k": 50, "max_new_tokens": 9, "stop": ["x"]}.items()
        assert set(sent["sampling_params"]["stop_token_ids"]) == {template().end_of_turn, 3}
        assert not {"key", "logprobs"} & set(sent["sampling_params"])
        await server.generate(PROMPT, PARAMETERS, "request")
        assert one.asked[-1]["sampling_params"]["max_new_tokens"] == 16
        await server.generate(list(range(5, 75)), PARAMETERS, "request")
        assert one.asked[-1]["sampling_params"]["max_new_tokens"] == 10
        nothing = await server.generate([5] * 80, PARAMETERS, "request")
        assert (nothing.token_ids, nothing.stop_reason) == ([], "length")


async def test_weights_reach_every_server_that_is_looked_after(tokenizer_folder: str) -> None:
    async with (
        engine() as one,
        engine() as two,
        engine() as three,
        server_over(tokenizer_folder, one, two, three, looks_after=2) as server,
    ):
        await server.load_weights("/weights/a-1", "a-1", 1)
        for loaded in (one.loaded, two.loaded):
            assert loaded == [
                {
                    "model_path": "/weights/a-1",
                    "load_format": "safetensors",
                    "weight_version": "a-1",
                    "abort_all_requests": True,
                    "flush_cache": True,
                }
            ]
        assert three.loaded == []


@pytest.mark.parametrize("gone", [False, True])
async def test_a_server_that_does_not_load_is_named_in_one_line(tokenizer_folder: str, gone: bool) -> None:
    async with (
        engine() as one,
        engine(refuses_weights="no such folder") as two,
        server_over(tokenizer_folder, one, two) as server,
    ):
        reason = r"did not load the weights of step 3 from /weights/a-3 \(is it shared\?\): .*no such folder"
        if gone:
            await two.stop()
            reason = "no answer to /update_weights_from_disk"
        with pytest.raises(RuntimeError, match=reason) as caught:
            await server.load_weights("/weights/a-3", "a-3", 3)
        assert str(caught.value).startswith(two.url)
        assert "\n" not in str(caught.value)


async def test_answers_of_other_weights_do_not_count(tokenizer_folder: str) -> None:
    async with engine() as one, engine() as two, server_over(tokenizer_folder, one, two) as server:
        for step in (1, 2, 3):
            await server.load_weights(f"/weights/a-{step}", f"a-{step}", step)
        one.weight_version = "default"  # as after a new start
        for number in range(6):
            made = await server.generate(PROMPT, PARAMETERS, f"request {number}")
            assert made.extra_fields["global_steps"] == 3
        two.weight_version = "a-1"
        with pytest.raises(
            PolicyError, match=r"its weights are '(default|a-1)', not 'a-3'; did it start again\?"
        ):
            await server.generate(PROMPT, PARAMETERS, "request")


async def test_a_message_goes_on_where_new_weights_broke_it_off(tokenizer_folder: str) -> None:
    whole = [*range(10, 22), END]

    def rest(prompt: tuple[int, ...], _number: int) -> list[int]:
        return whole[len(prompt) - len(PROMPT) :]

    async with (
        engine(script=rest, token_seconds=0.02) as one,
        server_over(tokenizer_folder, one) as server,
    ):
        await server.load_weights("/weights/a-1", "a-1", 1)
        message = asyncio.create_task(server.generate(PROMPT, PARAMETERS | {"max_tokens": 20}, "request"))
        while not one.running:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        await server.abort_all_requests()
        await server.load_weights("/weights/a-2", "a-2", 2)
        assert one.running == 0
        assert not message.done()
        await server.resume_generation()
        made = await message
        assert made.token_ids == whole
        assert len(made.log_probs) == len(whole)
        assert made.extra_fields == {"global_steps": 2, "min_global_steps": 1, "max_global_steps": 2}


async def test_servers_that_cannot_be_trained_with_are_refused(tokenizer_folder: str) -> None:
    async with engine(scales_logprobs=False) as one:
        async with server_over(tokenizer_folder, one, temperature=0.7) as server:
            with pytest.raises(RuntimeError, match=r"leave temperature 0\.7 out of their log-probabilities"):
                await server.check()
        async with server_over(tokenizer_folder, one) as server:
            await server.check()
    async with server_over(tokenizer_folder, one) as server:
        with pytest.raises(RuntimeError, match=r"^actor_rollout_ref\.rollout\.custom\.urls: no answer from"):
            await server.check()


async def test_a_hanging_server_is_a_fault_of_the_machine(tokenizer_folder: str) -> None:
    async with (
        engine(first_token_seconds=60.0) as one,
        server_over(tokenizer_folder, one, seconds=0.3) as server,
    ):
        with pytest.raises(PolicyError, match=r"no answer within 0\.3 s"):
            await server.generate(PROMPT, PARAMETERS, "request")
    with pytest.raises(PolicyError, match="takes text alone"):
        await server.generate(PROMPT, PARAMETERS, "request", image_data=["image"])


class Handle:
    """A server in this process as Ray hands it out."""

    def __init__(self, server: SGLangHttpServer) -> None:
        self.load_weights = SimpleNamespace(remote=self._load)
        self._server = server

    async def _load(self, folder: str, version: str, step: int) -> None:
        self.seen = sorted(path.name for path in Path(folder).iterdir())
        try:
            await self._server.load_weights(folder, version, step)
        except RuntimeError as error:
            raise RayTaskError("load_weights", "", error) from None


async def test_the_first_rank_writes_what_all_servers_load(
    tokenizer_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks, handles = [0], {}
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: ranks[0])
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(sglang_http_rollout.ray, "get_actor", lambda name: handles[name])
    weights = {"a": torch.ones(2, 2), "b": torch.zeros(3)}
    async with (
        engine() as one,
        engine() as two,
        server_over(tokenizer_folder, one) as first,
        server_over(tokenizer_folder, two) as second,
    ):
        custom = {"urls": [one.url, two.url], "weights_folder": str(tmp_path / "weights")}
        config = RolloutConfig(name="sglang_http", tensor_model_parallel_size=1, custom=custom)
        rollout = sglang_http_rollout.SGLangHttpRollout(config, config, None)
        handles.update(zip(map(server_name, range(2)), map(Handle, (first, second)), strict=True))
        await rollout.update_weights(iter(weights.items()), global_steps=3)
        assert [handle.seen for handle in handles.values()] == [["model-00000.safetensors"]] * 2
        assert one.weight_version == two.weight_version
        assert one.weight_version.endswith("-3")
        ranks[0] = 1
        gathered = iter(weights.items())
        await rollout.update_weights(gathered, global_steps=4)
        assert list(gathered) == []
        assert one.weight_version.endswith("-3")
        ranks[0] = 0
        two.refuses_weights = "no such folder"
        with pytest.raises(
            RuntimeError, match=f"^{two.url} did not load the weights of step 5 from "
        ) as caught:
            await rollout.update_weights(iter(weights.items()), global_steps=5)
        assert "\n" not in str(caught.value)
        assert list((tmp_path / "weights").iterdir()) == []
        for refused in ({"wire_format": "delta_flush"}, {"peft_config": object()}):
            with pytest.raises(ValueError, match="sglang_http takes"):
                await rollout.update_weights(iter(()), **refused)


@given(servers=st.integers(1, 12), replicas=st.integers(1, 12))
def test_every_server_is_looked_after_by_one_replica(servers: int, replicas: int) -> None:
    urls = tuple(f"http://{number}" for number in range(servers))
    shares = [share_of(urls, replica, replicas) for replica in range(replicas)]
    assert sorted(url for share in shares for url in share) == sorted(urls)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("custom", "told"),
    [
        (None, r"custom\.urls is missing; set it with \+actor_rollout_ref\.rollout\.custom\.urls="),
        ({"urls": [], "weights_folder": "/w"}, r"custom\.urls=\[\] is not allowed"),
        (
            {"urls": ["http://a"], "weights_folder": "w"},
            r"weights_folder='w' is not allowed: give an absolute",
        ),
        ({"urls": ["http://a"], "weights_folder": "/w", "url": 1}, r"custom\.url is unknown; use: urls, "),
        ({"urls": ["http://a"], "weights_folder": "/w", "sync_seconds": 0}, r"sync_seconds=0 is not allowed"),
    ],
)
def test_wrong_settings_are_told_in_one_line(custom: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        SGLangHttpSettings.of(SimpleNamespace(custom=custom))
    assert "\n" not in str(caught.value)


def test_weights_are_written_in_files_of_a_size(tmp_path: Path) -> None:
    tied = torch.randn(8, 4)
    weights = {"a": tied, "b": tied, "c": torch.randn(3, 5).t(), "d": torch.randn(2, dtype=torch.bfloat16)}
    write_weights(weights.items(), tmp_path / "new" / "step", file_bytes=200)
    files = sorted((tmp_path / "new" / "step").iterdir())
    assert [file.suffix for file in files] == [".safetensors"] * len(files)
    assert len(files) == 2
    found = {name: tensor for file in files for name, tensor in load_file(file).items()}
    assert found.keys() == weights.keys()
    for name, tensor in weights.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


def test_another_verl_is_left_alone_with_one_warning() -> None:
    program = f"""
import importlib.metadata as metadata, sys
real = metadata.version
metadata.version = lambda name: "0.10.0" if name == "verl" else real(name)
import verl
from verl.workers.rollout.replica import RolloutReplicaRegistry
from verl.plugin.platform import PlatformRegistry
assert "sglang_http" not in RolloutReplicaRegistry._registry
print("imported", verl.__version__ == {SUPPORTED_VERL!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["imported", "True"]
    told = [line for line in done.stderr.splitlines() if "replgym" in line]
    assert told == [line for line in told if "registers nothing in verl 0.10.0, it needs 0.9.1" in line]
    assert len(told) == 1
