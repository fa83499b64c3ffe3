"""Messages that are given up here, broken off there, or meet every fault at once."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from replgym.agents.engines import EngineError, FinishReason, SGLangWire

from .small_world import (
    END,
    QUICK,
    Faults,
    cut_off,
    drip,
    engine,
    fleet_of,
    hang,
    hang_up,
    let_through,
    planned,
    request,
    status,
    until,
)


async def test_a_message_nobody_waits_for_frees_its_slot_at_once(wire: Any) -> None:
    only = engine(token_seconds=3600.0, slots=1)
    async with fleet_of(only, wire=wire, limits=replace(QUICK, slots=1)) as fleet:
        first = asyncio.create_task(fleet.generate(request(), episode="first"))
        await until(lambda: only.running == 1)
        first.cancel()
        await asyncio.wait([first])
        assert first.cancelled()
        assert fleet.stats().in_flight == {only.url: 0}
        assert fleet.stats().aborts == 1
        await until(lambda: only.running == 0)


@pytest.mark.parametrize("answers", [True, False])
async def test_sglang_is_told_by_name_and_nobody_waits_for_that(answers: bool) -> None:
    told: list[str] = []

    @web.middleware
    async def middleware(http: web.Request, handler: Any) -> web.StreamResponse:
        if http.path == "/abort_request":
            told.append((await http.json())["rid"])
            if not answers:
                await asyncio.Event().wait()
        return await handler(http)

    only = engine(token_seconds=3600.0, middlewares=[middleware])
    limits = replace(QUICK, abort_seconds=0.1)
    async with fleet_of(only, wire=SGLangWire(), limits=limits) as fleet:
        message = asyncio.create_task(fleet.generate(request(), episode="e"))
        await until(lambda: only.running == 1)
        message.cancel()
        await asyncio.wait([message])
        assert fleet.stats().in_flight == {only.url: 0}
    assert told == [only.asked[0]["rid"]]


async def test_a_message_that_is_cancelled_in_the_queue_was_never_asked(wire: Any) -> None:
    only = engine(token_seconds=3600.0)
    async with fleet_of(only, wire=wire, limits=replace(QUICK, slots=1)) as fleet:
        first = asyncio.create_task(fleet.generate(request(), episode="first"))
        await until(lambda: only.running == 1)
        second = asyncio.create_task(fleet.generate(request(), episode="second"))
        await until(lambda: fleet.stats().waiting == {only.url: 1})
        second.cancel()
        first.cancel()
        await asyncio.wait([first, second])
        assert fleet.stats().waiting == fleet.stats().in_flight == {only.url: 0}
        assert len(only.asked) == 1


async def test_closing_ends_what_runs(wire: Any) -> None:
    only = engine(token_seconds=3600.0)
    async with fleet_of(only, wire=wire) as fleet:
        message = asyncio.create_task(fleet.generate(request(), episode="e"))
        await until(lambda: only.running == 1)
        await fleet.close()
        with pytest.raises(EngineError):
            await message


async def test_a_message_broken_off_by_the_engine_goes_on_from_its_ids(wire: Any) -> None:
    plan = [*range(10, 310), END]
    only = engine(script=planned(plan, 3), token_seconds=0.02)
    async with fleet_of(only, wire=wire) as fleet:
        message = asyncio.create_task(fleet.generate(request(max_tokens=1000, seed=4), episode="e"))
        for asked in (1, 2, 3):
            await until(lambda asked=asked: len(only.asked) == asked and only.running == 1)
            await asyncio.sleep(0.05)
            only.weight_version = f"after {asked}"
            if asked == 3:
                only.token_seconds = 0.0
            assert only.break_off() == 1
        answer = await message
        stats = fleet.stats()
    assert answer.token_ids == tuple(plan)
    assert len(answer.logprobs) == len(plan)
    assert (answer.finish_reason, answer.prompt_tokens) == (FinishReason.STOP, 3)
    assert answer.weight_version == ("after 3" if isinstance(wire, SGLangWire) else "")
    assert (stats.resumed, stats.retries, stats.messages) == (3, 0, 1)


async def test_a_message_broken_off_in_the_queue_of_the_engine_starts_again(wire: Any) -> None:
    only = engine(token_seconds=3600.0, slots=1)
    async with fleet_of(only, wire=wire) as fleet:
        messages = [asyncio.create_task(fleet.generate(request(n), episode=str(n))) for n in range(4)]
        await until(lambda: len(only.asked) == 4)
        only.token_seconds = 0.0
        assert only.break_off() == 4
        answers = await asyncio.gather(*messages)
    assert all(answer.finish_reason is FinishReason.STOP for answer in answers)


async def test_the_rest_of_a_message_has_the_rest_of_its_tokens(wire: Any) -> None:
    only = engine(script=lambda prompt, _: [9] * 1000, token_seconds=1.0)
    async with fleet_of(only, wire=wire) as fleet:
        message = asyncio.create_task(fleet.generate(request(max_tokens=20), episode="e"))
        await until(lambda: only.running == 1)
        await asyncio.sleep(1.1)
        only.token_seconds = 0.01
        only.break_off()
        answer = await message
    assert (len(answer.token_ids), answer.finish_reason) == (20, FinishReason.LENGTH)


def half_of_the_time(chance: random.Random) -> Any:
    """Some fault in half of all requests."""
    faults = [status(500), status(503), status(429), hang_up, cut_off, status(200, "{"), drip, hang]

    async def maybe(http: web.Request, handler: Any) -> web.StreamResponse:
        fault = chance.choice(faults) if chance.random() < 0.5 else let_through
        return await fault(http, handler)

    return maybe


def plan(prompt: tuple[int, ...]) -> list[int]:
    length = 1 + sum(prompt) % 30
    return [*(2 + (prompt[0] + n) % 300 for n in range(length)), END]


async def test_a_storm_of_all_faults_changes_no_id(wire: Any) -> None:
    """Servers that fail in half of all requests, restart and break off, and episodes that are given up."""
    faults = [half_of_the_time(random.Random(0))] * 100_000
    engines = [
        engine(
            script=lambda prompt, _: plan(prompt[:2])[len(prompt) - 2 :],
            token_seconds=0.001,
            middlewares=[Faults(*faults).middleware],
        )
        for _ in range(3)
    ]
    limits = replace(QUICK, slots=8, answer_seconds=0.2, body_seconds=0.1, attempts=100, deadline=60.0)
    async with fleet_of(*engines, wire=wire, limits=limits) as fleet:

        async def play(number: int) -> None:
            for turn in range(3):
                answer = await fleet.generate(request(number + 2, turn + 2), episode=str(number))
                assert answer.token_ids == tuple(plan((number + 2, turn + 2)))
                assert len(answer.logprobs) == len(answer.token_ids)
                assert answer.finish_reason is FinishReason.STOP

        kept = [asyncio.create_task(play(n)) for n in range(40)]
        given_up = [asyncio.create_task(play(n)) for n in range(100, 110)]
        for each in engines:
            await until(lambda: fleet.stats().messages > 5)
            each.break_off()
            await each.stop()
            await each.start()
        for task in given_up:
            task.cancel()
        await asyncio.gather(*kept)
        await asyncio.wait(given_up)
        stats = fleet.stats()
        assert stats.messages >= 120
        assert set(stats.in_flight.values()) == set(stats.waiting.values()) == {0}
        await until(lambda: all(each.running == 0 for each in engines))
