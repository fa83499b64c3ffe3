from pathlib import Path

import pytest

from replgym.agents.policies.policy import PolicyContext, PolicyError, Sampling
from replgym.agents.policies.transformers_policy import ModelPathError, TransformersPolicy


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelPathError, match=r"give a folder with config\.json") as caught:
        TransformersPolicy.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_saved_model_writes_messages(tiny_folder: Path) -> None:
    policy = TransformersPolicy.load(tiny_folder)
    assert policy.name == str(tiny_folder)
    ids = tuple(policy.template.initial([{"role": "user", "content": "go"}]))
    context = PolicyContext([], "episode", prompt_ids=ids)
    made = await policy(context, Sampling(max_tokens=7, seed=0))
    assert made.text == policy.template.decode(made.token_ids)
    assert (made.prompt_tokens, made.completion_tokens) == (len(ids), len(made.token_ids))
    assert len(made.logprobs) == len(made.token_ids) <= 7
    policy.close()
    policy.close()
    with pytest.raises(PolicyError, match="closed"):
        await policy(context, Sampling())
