"""The estimate of memory, against the tensors of a real model that trains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from replgym.agents.verl_runs.readiness.amount import GIB
from replgym.agents.verl_runs.readiness.host_memory_estimate import checkpoint_bytes, host_memory
from replgym.agents.verl_runs.readiness.known_models import known_settings
from replgym.agents.verl_runs.readiness.memory_estimate import (
    activations,
    key_value_tokens,
    logits,
    rollout_memory,
    update_memory,
)
from replgym.agents.verl_runs.readiness.memory_plan import MemoryPlan
from replgym.agents.verl_runs.readiness.model_size import ModelSize

TINY = {
    "model_type": "qwen2",
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1024,
    "tie_word_embeddings": True,
}
TOKENS = 256


def plan_of(settings: dict[str, Any], **changes: Any) -> MemoryPlan:
    plan = MemoryPlan(
        model=ModelSize.of(settings),
        gpus_per_node=1,
        nodes=1,
        tokens=TOKENS,
        number=4,
        checkpointing=True,
        offload=False,
        streamed=False,
        scaled=True,
        engine_inside=True,
    )
    return replace(plan, **changes)


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def number(request: pytest.FixtureRequest) -> int:
    return 4 if request.param == "float32" else 2


def make_model(number: int, *, checkpointing: bool) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(**TINY)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    model.to(torch.float32 if number == 4 else torch.bfloat16).train()
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model


def saved_for_backward(model: Any) -> int:
    """Bytes of all storages that backward needs of the layers, weights aside."""
    import torch

    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    saved: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model.model(input_ids=torch.zeros(1, TOKENS, dtype=torch.long), use_cache=False)
    assert output.last_hidden_state.requires_grad
    return sum(storage.nbytes() for storage in saved.values())


def around_layers(plan: MemoryPlan) -> int:
    """What backward needs of the embedding and the last norm, which an estimate of layers leaves out."""
    return TOKENS * plan.model.hidden * (8 + plan.number)


def test_weights_gradients_and_adam_are_what_a_step_keeps() -> None:
    import torch

    model = make_model(4, checkpointing=False)
    optimiser = torch.optim.AdamW(model.parameters())
    model(input_ids=torch.zeros(1, 8, dtype=torch.long)).logits.sum().backward()
    optimiser.step()
    weights = list(model.parameters())
    state = [
        tensor for each in optimiser.state.values() for tensor in each.values() if tensor.dim() > 0
    ]  # the counters of steps have no dimension
    parts = update_memory(plan_of(TINY)).parts
    assert parts["weights"] == sum(weight.nbytes for weight in weights)
    assert parts["gradients"] == sum(weight.grad.nbytes for weight in weights)
    assert parts["Adam"] == sum(tensor.nbytes for tensor in state)


def test_activations_without_checkpointing_are_those_that_autograd_saves(number: int) -> None:
    plan = plan_of(TINY, number=number, checkpointing=False)
    measured = saved_for_backward(make_model(number, checkpointing=False))
    assert activations(plan, plan.model) == pytest.approx(measured, abs=around_layers(plan))
    assert around_layers(plan) < measured / 10


def test_with_checkpointing_the_input_of_each_layer_is_saved_and_one_layer_is_computed_again(
    number: int,
) -> None:
    plan = plan_of(TINY, number=number)
    whole = activations(replace(plan, checkpointing=False), plan.model)
    inside = whole / plan.model.layers
    outside = activations(plan, plan.model) - inside
    measured = saved_for_backward(make_model(number, checkpointing=True))
    assert outside == pytest.approx(measured, abs=around_layers(plan))
    assert outside < whole / 3


def test_logits_are_measured_in_copies(number: int) -> None:
    plan = plan_of(TINY, number=number)
    one = TOKENS * 1024 * number
    assert logits(plan) == 4 * one
    assert logits(replace(plan, scaled=False)) == 2 * one
    assert logits(replace(plan, entropy=True)) == 4 * one + TOKENS * 1024 * 8


def seven(**changes: Any) -> MemoryPlan:
    """7 billion parameters on eight GPUs."""
    settings = dict(known_settings("Qwen/Qwen2.5-Coder-7B") or {})
    return plan_of(settings, **{"gpus_per_node": 8, "tokens": 16384, "number": 2, **changes})


def test_seven_billion_parameters_fit_eight_gpus_of_80_gib_and_not_one() -> None:
    assert update_memory(seven()).total < 60 * GIB
    assert update_memory(seven(gpus_per_node=1)).total > 120 * GIB


def test_one_gpu_holds_them_when_their_state_is_elsewhere() -> None:
    plan = seven(gpus_per_node=1, offload=True, streamed=True)
    assert update_memory(plan).total < 40 * GIB
    assert host_memory(plan, 0, cpu=False).parts["offloaded"] == 16 * plan.model.parameters


def test_a_critic_stays_beside_the_policy_unless_it_is_offloaded() -> None:
    plan = seven()
    both = replace(plan, critic=plan.model)
    kept = 12 * plan.model.parameters / 8
    assert update_memory(both).total - update_memory(plan).total == pytest.approx(kept)
    assert update_memory(replace(both, offload=True)).total == update_memory(plan).total
    assert rollout_memory(both, 0).total - rollout_memory(plan, 0).total == pytest.approx(kept)
    assert rollout_memory(replace(both, offload=True), 0).parts["trainer"] == 0


def test_the_cache_is_what_weights_leave_of_the_engine() -> None:
    plan = seven()
    weights = 2 * plan.model.parameters
    token = 2 * 28 * 512 * 2
    assert key_value_tokens(plan, weights + 1000 * token, 1) == 1000
    assert key_value_tokens(plan, weights / 2 + 500 * token, 2) == 1000
    assert key_value_tokens(plan, weights / 2, 1) < 0


def test_the_machine_holds_what_is_offloaded_and_the_reference() -> None:
    plan = seven(tokens=1)
    parameters = plan.model.parameters
    plain = host_memory(plan, 32, cpu=False)
    offloaded = host_memory(replace(plan, offload=True, reference=True), 32, cpu=False)
    assert plain.parts["loading"] == 4 * parameters
    assert offloaded.total - plain.total == pytest.approx((12 + 4 - 4) * parameters)
    two_nodes = replace(plan, offload=True, nodes=2)
    assert host_memory(two_nodes, 0, cpu=False).parts["offloaded"] == 6 * parameters


def test_on_cpu_the_machine_holds_everything() -> None:
    plan = plan_of(TINY)
    parts = host_memory(plan, 4, cpu=True).parts
    assert parts["training"] == 20 * plan.model.parameters
    assert parts["interpreters"] == 4 << 26
    assert checkpoint_bytes(plan) == 16 * plan.model.parameters
