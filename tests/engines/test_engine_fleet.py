import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from replgym.agents.engines import (
    EngineError,
    EngineFleet,
    ExactnessError,
    FinishReason,
    FleetLimits,
    RefusedError,
    SGLangWire,
    UnavailableError,
)

from .small_world import (
    END,
    QUICK,
    VOCABULARY,
    Fault,
    cut_off,
    drip,
    engine,
    faulty,
    fleet_of,
    flood,
    hang,
    hang_up,
    planned,
    request,
    status,
    until,
)


async def test_ids_and_logprobs_come_back_as_they_were_sampled(wire: Any) -> None:
    plan = [9, 8, 2, END]
    async with fleet_of(engine(script=planned(plan, 3)), wire=wire) as fleet:
        answer = await fleet.generate(request(), episode="e")
        stats = fleet.stats()
    assert answer.token_ids == tuple(plan)
    assert answer.logprobs == (-3 / 8, -2 / 8, -3 / 8, -2 / 8)
    assert (answer.finish_reason, answer.prompt_tokens) == (FinishReason.STOP, 3)
    assert (stats.messages, stats.requests, stats.retries) == (1, 1, 0)
    assert (stats.prompt_tokens, stats.completion_tokens) == (3, 4)


@pytest.mark.parametrize(
    "faults",
    [
        [status(500), status(502), status(503)],
        [status(429), status(429), status(429)],
        [status(503, Retry_After="0.01"), status(429, Retry_After="0.01")],
        [status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), status(503, Retry_After="soon")],
        [hang_up, hang_up, hang_up],
        [cut_off],
        [status(200, "{"), status(200, "[]"), status(200, '{"choices": [], "meta_info": 3}')],
        [status(200, "[" * 100_000)],
    ],
    ids=["5xx", "429", "retry-after", "retry-after-odd", "hang-up", "cut-off", "malformed", "nested"],
)
async def test_a_fault_costs_an_attempt_and_no_message(wire: Any, faults: list[Fault]) -> None:
    flaky = faulty(*faults)
    async with fleet_of(flaky, wire=wire) as fleet:
        answer = await fleet.generate(request(), episode="e")
        stats = fleet.stats()
    assert answer.token_ids[-1] == END
    assert len(flaky.asked) == 1
    assert (stats.messages, stats.retries, stats.requests) == (1, len(faults), len(faults) + 1)


@pytest.mark.parametrize(
    ("fault", "limits", "told"),
    [
        (drip, replace(QUICK, body_seconds=0.05), "no whole answer in time"),
        (hang, replace(QUICK, answer_seconds=0.05), "no whole answer in time"),
        (flood, replace(QUICK, response_bytes=1_000_000), "larger than 1000000 bytes"),
    ],
)
async def test_an_answer_that_does_not_end_is_ended(
    wire: Any, fault: Fault, limits: FleetLimits, told: str
) -> None:
    async with fleet_of(faulty(fault), wire=wire, limits=limits) as fleet:
        assert (await fleet.generate(request(), episode="e")).token_ids
    async with fleet_of(
        faulty(*[fault] * 50), wire=wire, limits=replace(limits, deadline=0.4, breaker_failures=99)
    ) as fleet:
        with pytest.raises(UnavailableError, match=told):
            await fleet.generate(request(), episode="e")


async def test_attempts_that_are_answered_with_errors_are_bounded(wire: Any) -> None:
    async with fleet_of(
        faulty(*[status(500, '{"error": {"message": "out of\\nmemory"}}')] * 9), wire=wire
    ) as fleet:
        with pytest.raises(UnavailableError, match=r"4 attempts failed.*HTTP 500: out of memory"):
            await fleet.generate(request(), episode="e")
        assert fleet.stats().requests == 4


async def test_a_server_that_is_not_there_yet_costs_no_attempt(wire: Any) -> None:
    async with fleet_of(faulty(*[status(503)] * 30), wire=wire) as fleet:
        assert (await fleet.generate(request(), episode="e")).token_ids
        assert fleet.stats().retries == 30


async def test_one_deadline_holds_over_all_attempts_and_pauses(wire: Any) -> None:
    limits = replace(QUICK, deadline=0.2, attempts=10_000, breaker_failures=10_000)
    async with fleet_of(faulty(*[status(500)] * 10_000), wire=wire, limits=limits) as fleet:
        with pytest.raises(UnavailableError, match=r"no answer within 0\.2 s; the last attempt: .*HTTP 500"):
            await fleet.generate(request(), episode="e")


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        (
            400,
            '{"error": {"message": "The input (9 tokens) is longer than the model\'s context length"}}',
            "the input is too long",
        ),
        (413, "", "the input is too long"),
        (400, '{"message": "temperature must be at least 0"}', "HTTP 400: temperature must"),
        (401, "{}", "refuses the key"),
        (403, "{}", "refuses the key"),
        (404, '{"detail": "Not Found"}', "is it a server of"),
        (302, "", "HTTP 302"),
    ],
)
async def test_a_refusal_is_told_and_not_asked_again(wire: Any, code: int, text: str, told: str) -> None:
    async with fleet_of(faulty(status(code, text)), wire=wire) as fleet:
        with pytest.raises(RefusedError, match=told):
            await fleet.generate(request(), episode="e")
        assert fleet.stats().requests == 1
        assert fleet.stats().open_breakers == ()


async def test_a_dead_server_is_left_for_another_and_the_episode_stays_there(wire: Any) -> None:
    one, two = engine(), engine()
    async with fleet_of(one, two, wire=wire) as fleet:
        await fleet.generate(request(), episode="e")
        home, other = (one, two) if one.asked else (two, one)
        await home.stop()
        await fleet.generate(request(), episode="e")
        await fleet.generate(request(), episode="e")
        await home.start()
        await fleet.generate(request(), episode="e")
        assert (len(home.asked), len(other.asked)) == (1, 3)
        assert fleet.stats().failovers == 1


async def test_a_server_that_restarts_in_the_middle_of_messages_loses_none(wire: Any) -> None:
    only = engine(token_seconds=3600.0)
    async with fleet_of(only, wire=wire) as fleet:
        messages = [asyncio.create_task(fleet.generate(request(), episode=str(n))) for n in range(20)]
        await until(lambda: only.running == 20)
        await only.stop()
        await until(lambda: bool(fleet.stats().open_breakers))
        only.token_seconds = 0.0
        await only.start()
        answers = await asyncio.gather(*messages)
        stats = fleet.stats()
    assert len({answer.token_ids for answer in answers}) == 1
    assert stats.messages == 20
    assert stats.open_breakers == ()
    assert stats.in_flight == stats.waiting == {only.url: 0}


async def test_a_server_that_fails_again_and_again_is_left_alone_while_others_work(wire: Any) -> None:
    bad, good = faulty(*[status(500)] * 1000), engine()
    limits = replace(QUICK, breaker_seconds=60.0, breaker_most=60.0, breaker_failures=3)
    async with fleet_of(bad, good, wire=wire, limits=limits) as fleet:
        await asyncio.gather(*(fleet.generate(request(), episode=str(n)) for n in range(40)))
        assert fleet.stats().open_breakers == (bad.url,)
        before = fleet.stats().requests
        await asyncio.gather(*(fleet.generate(request(), episode=f"new {n}") for n in range(10)))
        assert fleet.stats().requests == before + 10


async def test_a_server_rests_as_long_as_it_asks_for(wire: Any) -> None:
    tired, fresh = faulty(status(503, Retry_After="3600")), engine()
    async with fleet_of(tired, fresh, wire=wire) as fleet:
        for n in range(20):
            await fleet.generate(request(), episode=str(n))
        assert (len(tired.asked), len(fresh.asked)) == (0, 20)
        assert fleet.stats().retries == 1
        assert fleet.stats().open_breakers == ()


async def test_a_server_that_wants_rest_is_not_asked_before_that(wire: Any) -> None:
    limits = replace(QUICK, deadline=0.3)
    async with fleet_of(faulty(status(429, Retry_After="3600")), wire=wire, limits=limits) as fleet:
        with pytest.raises(UnavailableError, match="HTTP 429"):
            await asyncio.gather(*(fleet.generate(request(), episode=str(n)) for n in range(3)))
        assert fleet.stats().requests <= 3
        assert fleet.stats().open_breakers == ()


async def test_nothing_waits_for_a_slot_for_ever(wire: Any) -> None:
    only = engine(token_seconds=3600.0)
    limits = replace(QUICK, slots=1, queue_seconds=0.05)
    async with fleet_of(only, wire=wire, limits=limits) as fleet:
        first = asyncio.create_task(fleet.generate(request(), episode="first"))
        await until(lambda: only.running == 1)
        with pytest.raises(UnavailableError, match="no free slot within"):
            await fleet.generate(request(), episode="second")
        first.cancel()
        await asyncio.wait([first])


async def test_the_oldest_episode_is_served_first(wire: Any) -> None:
    served: list[int] = []

    def script(prompt: tuple[int, ...], _: int) -> list[int]:
        served.append(prompt[0])
        return [END]

    only = engine(script=script, token_seconds=0.02)
    async with fleet_of(only, wire=wire, limits=replace(QUICK, slots=1)) as fleet:
        for n in range(6):
            await fleet.generate(request(n), episode=str(n))
        served.clear()
        running = asyncio.create_task(fleet.generate(request(9), episode="9"))
        await until(lambda: only.running == 1)
        waiting = [
            asyncio.create_task(fleet.generate(request(n), episode=str(n))) for n in (4, 1, 5, 0, 3, 2)
        ]
        await asyncio.gather(running, *waiting)
    assert served == [9, 0, 1, 2, 3, 4, 5]


async def test_never_more_requests_at_once_than_slots(wire: Any) -> None:
    only, most = engine(token_seconds=0.001), 0
    async with fleet_of(only, wire=wire, limits=replace(QUICK, slots=4)) as fleet:

        async def play(n: int) -> None:
            nonlocal most
            await fleet.generate(request(n), episode=str(n))
            most = max(most, *fleet.stats().in_flight.values())

        await asyncio.gather(*(play(n) for n in range(40)))
    assert most <= 4


async def test_engines_without_a_tokenizer_are_asked_without_stop_texts_from_then_on(wire: Any) -> None:
    only = engine(encode=None)
    async with fleet_of(only, wire=wire) as fleet:
        for _ in range(2):
            assert (await fleet.generate(request(stop=("x",)), episode="e")).token_ids
        assert all(
            "stop" not in body and "stop" not in body.get("sampling_params", {}) for body in only.asked
        )
        assert fleet.stats().requests == 2


async def test_answers_that_are_not_exact_end_the_message(wire: Any) -> None:
    other = engine(script=lambda prompt, _: [VOCABULARY + 3])
    async with fleet_of(other, wire=wire) as fleet:
        with pytest.raises(UnavailableError, match="not in the vocabulary"):
            await fleet.generate(request(), episode="e")
    long = engine(script=lambda prompt, _: [3] * 5)
    async with fleet_of(long, wire=wire) as fleet:
        fewer = replace(request(), sampling=replace(request().sampling, max_tokens=4))
        assert len((await fleet.generate(fewer, episode="e")).token_ids) == 4


async def test_a_shorter_prompt_than_was_sent_is_no_answer() -> None:
    meta = {"finish_reason": {"type": "stop"}, "prompt_tokens": 2, "output_token_logprobs": []}
    text = json.dumps({"output_ids": [], "meta_info": meta})
    async with fleet_of(faulty(status(200, text)), wire=SGLangWire()) as fleet:
        with pytest.raises(ExactnessError, match="saw 2 prompt tokens, but 3 were sent"):
            await fleet.generate(request(), episode="e")


@pytest.mark.parametrize("url", ["localhost:1", "ftp://x", "http://", "", "http://a:70000"])
def test_a_url_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="--base-url"):
        EngineFleet([url], SGLangWire())
    with pytest.raises(ValueError, match="no server is given"):
        EngineFleet([], SGLangWire())


async def test_closing_twice_is_closing_once(wire: Any) -> None:
    async with engine() as only:
        fleet = EngineFleet([only.url + "/v1/", only.url], wire)
        await fleet.generate(request(), episode="e")
        assert list(fleet.stats().in_flight) == [only.url]
        await fleet.close()
        await fleet.close()
        with pytest.raises(EngineError, match="are closed"):
            await fleet.generate(request(), episode="e")
