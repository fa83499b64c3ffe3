from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from replgym.agents.engines import ScriptedEngine
from replgym.agents.policies.transformers_policy import TransformersPolicy

from .engine_under_test import SLOTS, EngineUnderTest, embedded, scripted, served
from .real_servers import RealServers
from .reference_model import CONTEXT, ReferenceModel, save_reference_model
from .small_world import WIRES

SCRIPTED_IDS = 64
"""So much of an answer is what the reference says; what comes after is filled up."""


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> Any:
    return WIRES[request.param]


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> ReferenceModel:
    return ReferenceModel(save_reference_model(tmp_path_factory.mktemp("reference")))


@pytest.fixture(scope="session")
def servers(reference: ReferenceModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServers]:
    made = RealServers(reference.folder, tmp_path_factory.mktemp("servers"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def embedded_policy(reference: ReferenceModel) -> Iterator[TransformersPolicy]:
    policy = TransformersPolicy.load(reference.folder, max_lanes=SLOTS)
    yield policy
    policy.close()


@pytest_asyncio.fixture(loop_scope="module")
async def engine(request: pytest.FixtureRequest, reference: ReferenceModel) -> AsyncIterator[EngineUnderTest]:
    """The engine that a case asks for by name: ready, and idle."""
    kind: str = request.param
    if kind == "transformers":
        yield embedded(reference, request.getfixturevalue("embedded_policy"))
    elif kind.startswith("scripted-"):
        async with script_of(reference) as server:
            yield scripted(kind, reference, server)
    else:
        yield served(kind, reference, request.getfixturevalue("servers").get(kind).url)


def script_of(reference: ReferenceModel) -> ScriptedEngine:
    """A scripted engine that says what the reference model finds likeliest."""
    end = reference.template.end_of_turn

    def likeliest(prompt: tuple[int, ...], _: int) -> tuple[int, ...]:
        ids = reference.greedy(prompt, SCRIPTED_IDS)
        return ids if ids[-1] == end else (*ids, *ids[-1:] * CONTEXT)

    return ScriptedEngine(
        likeliest,
        vocabulary=reference.template.vocabulary,
        end_of_turn=end,
        slots=SLOTS,
        token_seconds=0.002,
        context=CONTEXT,
        encode=reference.template.encode,
    )
