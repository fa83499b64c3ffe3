"""What the two wires say and how they read answers, byte for byte and without a server."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.agents.engines import (
    EngineError,
    EngineWire,
    ExactnessError,
    FinishReason,
    SGLangWire,
    VLLMWire,
)
from replgym.agents.engines.engine_error import BadAnswerError

from .small_world import END, request

WIRES: dict[str, EngineWire] = {"sglang": SGLangWire(), "vllm": VLLMWire()}
SGLANG = {
    "output_ids": [9, 8],
    "meta_info": {
        "finish_reason": {"type": "stop", "matched": 8},
        "prompt_tokens": 3,
        "cached_tokens": 2,
        "weight_version": 7,
        "output_token_logprobs": [[-0.5, 9, None], [-0.25, 8, None]],
    },
}
VLLM = {
    "choices": [
        {
            "finish_reason": "stop",
            "token_ids": [9, 8],
            "prompt_token_ids": [5, 6, 7],
            "logprobs": {"tokens": ["token_id:9", "token_id:8"], "token_logprobs": [-0.5, -0.25]},
        }
    ],
    "usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}},
}
BODIES: dict[str, Any] = {"sglang": SGLANG, "vllm": VLLM}


@pytest.mark.parametrize("name", WIRES)
def test_an_answer_is_read_id_for_id(name: str) -> None:
    answer = WIRES[name].read_generate(request(), BODIES[name])
    assert (answer.token_ids, answer.logprobs) == ((9, 8), (-0.5, -0.25))
    assert (answer.finish_reason, answer.prompt_tokens, answer.cached_tokens) == (FinishReason.STOP, 3, 2)
    assert answer.prompt_ids == ((5, 6, 7) if name == "vllm" else ())
    assert answer.weight_version == ("7" if name == "sglang" else "")


def test_sglang_is_asked_with_ids_and_without_a_setting_of_its_own() -> None:
    call = SGLangWire().generate(request(temperature=0.5, max_tokens=9, stop=("x",), seed=2**40 + 3))
    assert (call.method, call.path) == ("POST", "/generate")
    assert call.body is not None
    assert (call.body["rid"], call.body["input_ids"], call.body["return_logprob"]) == ("r", [5, 6, 7], True)
    params = call.body["sampling_params"]
    assert (params["temperature"], params["top_p"], params["max_new_tokens"]) == (0.5, 1.0, 9)
    assert (params["stop"], params["stop_token_ids"], params["sampling_seed"]) == (["x"], [END], 3)
    assert (params["top_k"], params["repetition_penalty"], params["min_p"]) == (-1, 1.0, 0.0)
    abort = SGLangWire().abort("r")
    assert (abort.path, abort.body) == ("/abort_request", {"rid": "r"})


def test_vllm_is_asked_with_ids_and_without_a_default_of_the_model() -> None:
    call = VLLMWire().generate(request(temperature=0.5, max_tokens=9, stop=("x",), seed=3))
    assert (call.method, call.path) == ("POST", "/v1/completions")
    assert call.body is not None
    assert (call.body["prompt"], call.body["return_token_ids"], call.body["logprobs"]) == ([5, 6, 7], True, 0)
    assert (call.body["stop"], call.body["stop_token_ids"], call.body["seed"]) == (["x"], [END], 3)
    assert (call.body["top_k"], call.body["repetition_penalty"], call.body["min_p"]) == (-1, 1.0, 0.0)
    assert "model" not in call.body
    assert VLLMWire().abort("r") is None


def changed(name: str, path: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(BODIES[name])
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return body


LOGPROBS = "output_token_logprobs"
CHOICE = ("choices", 0)


@pytest.mark.parametrize(
    ("name", "path", "value", "told"),
    [
        ("sglang", ("meta_info", "prompt_tokens"), 4, "saw 4 prompt tokens, but 3 were sent"),
        ("sglang", ("meta_info", LOGPROBS), [[-0.5, 9, None]], "1 logprobs came back for 2 ids"),
        ("sglang", ("meta_info", LOGPROBS), None, "0 logprobs"),
        ("sglang", ("meta_info", LOGPROBS), [[-1.0, 9, None], [-1.0, 7, None]], "other ids"),
        ("sglang", ("meta_info", LOGPROBS), [[None, 9, None], [-1.0, 8, None]], "no finite number"),
        ("sglang", ("meta_info", LOGPROBS), [[float("nan"), 9, None], [-1.0, 8, None]], "no finite"),
        ("vllm", ("usage", "prompt_tokens"), 2, "saw 2 prompt tokens, but 3 were sent"),
        ("vllm", (*CHOICE, "prompt_token_ids"), [5, 6, 8], "other prompt ids"),
        ("vllm", (*CHOICE, "logprobs", "token_logprobs"), [-0.5], "1 logprobs came back for 2 ids"),
        ("vllm", (*CHOICE, "logprobs", "tokens"), ["token_id:9", "token_id:7"], "other ids"),
    ],
)
def test_an_answer_that_is_not_exact_is_none(name: str, path: tuple[Any, ...], value: Any, told: str) -> None:
    with pytest.raises(ExactnessError, match=told):
        WIRES[name].read_generate(request(), changed(name, path, value))


@pytest.mark.parametrize(
    ("name", "path", "value", "told"),
    [
        ("sglang", ("output_ids",), [9, 400], "400 is not in the vocabulary of 400"),
        ("sglang", ("output_ids",), [9, -1], "-1 is not in the vocabulary"),
        ("sglang", ("output_ids",), [9, True], "True is not in the vocabulary"),
        ("sglang", ("output_ids",), "98", "str, not a list"),
        ("sglang", ("meta_info", "finish_reason"), {"type": "tired"}, "'tired' is unknown"),
        ("sglang", ("meta_info", "finish_reason"), None, "shape of /generate"),
        ("sglang", ("meta_info",), None, "shape of /generate"),
        ("vllm", (*CHOICE, "token_ids"), None, "not a list"),
        ("vllm", (*CHOICE, "logprobs"), None, "shape of /v1/completions"),
        ("vllm", ("choices",), [], "shape of /v1/completions"),
        ("vllm", ("usage",), None, "shape of /v1/completions"),
    ],
)
def test_an_answer_of_another_shape_is_bad(name: str, path: tuple[Any, ...], value: Any, told: str) -> None:
    with pytest.raises(BadAnswerError, match=told):
        WIRES[name].read_generate(request(), changed(name, path, value))


def test_more_ids_than_were_asked_for_are_not_exact() -> None:
    for name, wire in WIRES.items():
        with pytest.raises(ExactnessError, match="at most 1 were asked for"):
            wire.read_generate(request(max_tokens=1), BODIES[name])


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"meta_info": {"finish_reason": {"type": "abort", "message": "in the queue"}}}, ()),
        (changed("sglang", ("meta_info", "finish_reason"), {"type": "abort"}), (9, 8)),
        (
            changed(
                "sglang", ("meta_info",), {"finish_reason": {"type": "abort"}, LOGPROBS: [[-0.5, 9, None]]}
            )
            | {"output_ids": [9, 8]},
            (9,),
        ),
    ],
    ids=["nothing", "all", "logprobs of some"],
)
def test_of_a_message_that_sglang_broke_off_ids_with_logprobs_count(body: Any, ids: tuple[int, ...]) -> None:
    answer = SGLangWire().read_generate(request(), body)
    assert (answer.finish_reason, answer.token_ids) == (FinishReason.ABORT, ids)
    assert len(answer.logprobs) == len(ids)


def test_of_a_message_that_vllm_broke_off_before_its_first_id_nothing_is_left() -> None:
    choice = {"finish_reason": "abort", "token_ids": [], "logprobs": None}
    answer = VLLMWire().read_generate(request(), {**VLLM, "choices": [choice]})
    assert (answer.finish_reason, answer.token_ids) == (FinishReason.ABORT, ())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data(), st.sampled_from(sorted(WIRES)))
def test_whatever_comes_back_is_an_answer_or_an_error_of_the_engine(data: st.DataObject, name: str) -> None:
    body = copy.deepcopy(BODIES[name])
    for _ in range(data.draw(st.integers(0, 3))):
        place, keys = body, []
        while isinstance(place, dict | list) and place:
            options = list(place) if isinstance(place, dict) else list(range(len(place)))
            keys.append(data.draw(st.sampled_from(options)))
            if data.draw(st.booleans()):
                place[keys[-1]] = data.draw(json_values)
                break
            place = place[keys[-1]]
    if data.draw(st.booleans()) and data.draw(st.booleans()):
        body = data.draw(json_values)
    try:
        answer = WIRES[name].read_generate(request(), body)
    except EngineError:
        return
    assert len(answer.logprobs) == len(answer.token_ids)
    assert all(0 <= token < request().vocabulary for token in answer.token_ids)
    assert answer.prompt_tokens == 3
