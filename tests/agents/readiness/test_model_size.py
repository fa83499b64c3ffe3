"""Sizes of models are counted, not guessed."""

from __future__ import annotations

import pytest

from replgym.agents.verl_runs.readiness.known_models import known_settings
from replgym.agents.verl_runs.readiness.model_size import ModelSize

PUBLISHED = {
    "Qwen/Qwen2.5-Coder-0.5B": 494_032_768,
    "Qwen/Qwen2.5-1.5B-Instruct": 1_543_714_304,
    "Qwen/Qwen2.5-Coder-3B": 3_085_938_688,
    "Qwen/Qwen2.5-Coder-7B-Instruct": 7_615_616_512,
    "Qwen/Qwen2.5-14B": 14_770_033_664,
    "Qwen/Qwen2.5-Coder-32B-Instruct": 32_763_876_352,
    "Qwen/Qwen3-0.6B": 596_049_920,
    "Qwen/Qwen3-1.7B-Base": 1_720_574_976,
    "Qwen/Qwen3-4B": 4_022_468_096,
    "Qwen/Qwen3-8B-Base": 8_190_735_360,
    "Qwen/Qwen3-14B": 14_768_307_200,
    "Qwen/Qwen3-32B": 32_762_123_264,
}


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED.items())
def test_known_models_have_their_published_size(name: str, parameters: int) -> None:
    settings = known_settings(name)
    assert settings is not None
    assert ModelSize.of(settings).parameters == parameters


@pytest.mark.parametrize("name", ["Qwen/Qwen2.5-9B", "meta-llama/Llama-3.1-8B", "Qwen/Qwen3-8B-chat"])
def test_others_are_not_guessed(name: str) -> None:
    assert known_settings(name) is None


def test_layers_and_embeddings_make_up_a_model() -> None:
    size = ModelSize.of(known_settings("Qwen/Qwen2.5-Coder-7B") or {})
    rest = size.parameters - size.layers * size.layer_parameters
    assert rest == size.embedding_parameters + size.hidden  # the last norm
    assert (size.hidden, size.intermediate, size.key_value) == (3584, 18944, 512)


def test_experts_count_as_weights_and_by_what_a_token_passes() -> None:
    settings = {
        "model_type": "qwen3_moe",
        "hidden_size": 64,
        "intermediate_size": 128,
        "moe_intermediate_size": 32,
        "num_experts": 8,
        "num_experts_per_tok": 2,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "vocab_size": 256,
    }
    size = ModelSize.of(settings)
    assert size.intermediate == 2 * 32
    assert size.layer_parameters > 8 * 3 * 64 * 32


@pytest.mark.parametrize(
    "settings",
    [{}, {"model_type": "nothing"}, {"model_type": "qwen2", "hidden_size": "wide"}],
    ids=["empty", "unknown", "wrong"],
)
def test_what_makes_no_model_is_told(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="transformers makes no model of it"):
        ModelSize.of(settings)
