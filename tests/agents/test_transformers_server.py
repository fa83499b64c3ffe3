from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import torch

from replgym.agents.verl_adapter.transformers_server import TransformersServer

from .tiny_models import random_model

PARAMETERS = {"temperature": 0, "top_k": -1, "logprobs": True, "max_new_tokens": 6}


async def test_it_answers_verl_by_the_weights_of_one_step(tiny_folder: Path, tokenizer: Any) -> None:
    server = TransformersServer(str(tiny_folder), torch.get_num_threads())
    await server.ready()
    prompt = list(range(10, 20))
    old = await server.generate(prompt, PARAMETERS, "request 1")
    assert len(old.token_ids) == len(old.log_probs) <= 6
    assert old.extra_fields == {"global_steps": None}

    other = random_model(tokenizer, seed=9)
    await server.update_weights(other.state_dict(), 3)
    new = await server.generate(prompt, PARAMETERS, "request 2")
    assert new.extra_fields == {"global_steps": 3}
    with torch.no_grad():
        first = other(input_ids=torch.tensor([prompt])).logits[0, -1].argmax().item()
    assert new.token_ids[0] == first
    assert new.token_ids != old.token_ids


async def test_the_key_of_an_episode_leads_to_its_cache(tiny_folder: Path) -> None:
    server = TransformersServer(str(tiny_folder), torch.get_num_threads())
    widths: list[int] = []
    server._policy.generator._model.register_forward_pre_hook(
        lambda _module, _arguments, named: widths.append(named["input_ids"].shape[1]), with_kwargs=True
    )
    prompt = list(range(10, 40))
    made = await server.generate(prompt, PARAMETERS | {"key": "episode"}, "request 1")
    context = [*prompt, *made.token_ids, 8, 9]
    widths.clear()
    fast = await server.generate(context, PARAMETERS | {"key": "episode"}, "request 2")
    assert max(widths) == 3
    widths.clear()
    slow, _ = await asyncio.gather(
        server.generate(context, PARAMETERS, "request 3"), server.generate([5], PARAMETERS, "request 4")
    )
    assert max(widths) == len(context)
    assert fast.token_ids == slow.token_ids
