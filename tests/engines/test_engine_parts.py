"""The parts of a fleet that do no input or output: what holds for all sequences of events."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from replgym.agents.engines import EngineAnswer, FinishReason, FleetLimits
from replgym.agents.engines.backoff import Backoff
from replgym.agents.engines.circuit_breaker import BreakerState, CircuitBreaker
from replgym.agents.engines.partial_answer import PartialAnswer
from replgym.agents.engines.slot_gate import SlotGate
from replgym.agents.engines.sticky_router import StickyRouter
from replgym.agents.policies.stop_cut import length_to_stop

from .small_world import request, template

SERVERS = ("http://a", "http://b", "http://c")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9).map(str),
            st.dictionaries(st.sampled_from(SERVERS), st.integers(0, 5), min_size=1),
        )
    )
)
def test_an_episode_stays_where_it_is_while_that_server_can_be_used(
    asked: list[tuple[str, dict[str, int]]],
) -> None:
    router, seats = StickyRouter(), dict[str, str]()
    for episode, loads in asked:
        chosen = router.choose(episode, loads)
        assert chosen in loads
        if seats.get(episode) in loads:
            assert chosen == seats[episode]
        else:
            assert loads[chosen] == min(loads.values())
        seats[episode] = chosen
        assert router.seated(episode) == chosen


@given(st.integers(0, 2**32))
def test_episodes_are_spread_over_idle_servers(seed: int) -> None:
    router = StickyRouter()
    seats = Counter(router.choose(f"{seed} {n}", dict.fromkeys(SERVERS, 0)) for n in range(600))
    assert min(seats[server] for server in SERVERS) > 120


@given(st.integers(0, 2**32))
def test_a_burst_of_episodes_is_spread_evenly(seed: int) -> None:
    router, loads = StickyRouter(), dict.fromkeys(SERVERS, 0)
    for n in range(100):
        loads[router.choose(f"{seed} {n}", loads)] += 1
    assert max(loads.values()) - min(loads.values()) <= 1


def test_old_episodes_come_first_and_the_longest_silent_is_forgotten() -> None:
    router = StickyRouter(remembered=2)
    assert [router.order(name) for name in ("a", "b", "a")] == [0, 1, 0]
    assert router.order("c") == 2
    assert router.order("a") == 0
    assert router.order("b") == 3


class Breaker(RuleBasedStateMachine):
    """A breaker against what its documentation says, on a clock of our own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = CircuitBreaker(failures=3, seconds=1.0, most=4.0, clock=lambda: self.now)
        self.row = 0
        self.opened = 0.0
        self.period = 1.0

    def _open(self) -> None:
        self.opened = self.now
        self.row = 0

    @rule(seconds=st.integers(0, 5))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def succeed(self) -> None:
        if self.breaker.state is BreakerState.CLOSED:
            self.row, self.period = 0, 1.0
        self.breaker.succeeded()

    @rule()
    def fail(self) -> None:
        closed = self.breaker.state is BreakerState.CLOSED
        self.breaker.failed()
        if closed:
            self.row += 1
            assert (self.breaker.state is BreakerState.OPEN) == (self.row == 3)
            if self.row == 3:
                self._open()

    @precondition(lambda self: self.breaker.state is BreakerState.OPEN)
    @rule(healthy=st.booleans())
    def probe(self, healthy: bool) -> None:
        due = self.now >= self.opened + self.period
        assert self.breaker.probe() == due
        if not due:
            return
        assert self.breaker.state is BreakerState.HALF_OPEN
        assert not self.breaker.probe(), "a second probe at the same time"
        self.breaker.probed(healthy)
        self.period = min(4.0, 2 * self.period)
        if healthy:
            assert self.breaker.state is BreakerState.CLOSED
            self.row = 2
        else:
            self._open()

    @invariant()
    def the_pause_is_bounded(self) -> None:
        assert 0 <= self.breaker.seconds_to_probe <= 4.0
        if self.breaker.state is BreakerState.CLOSED:
            assert self.breaker.seconds_to_probe == 0


TestBreaker = Breaker.TestCase


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
def test_slots_are_bounded_handed_on_in_order_and_never_lost(
    slots: int, callers: list[tuple[int, bool]]
) -> None:
    async def play() -> None:
        gate, entered, release = SlotGate(slots), [], asyncio.Event()

        async def call(order: int, number: int) -> None:
            async with gate.slot(order):
                assert gate.in_flight <= slots
                entered.append((order, number))
                await release.wait()
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(call(order, n)) for n, (order, _) in enumerate(callers)]
        await asyncio.sleep(0)
        assert gate.waiting == max(0, len(callers) - slots)
        gone = {n for n, (_, cancelled) in enumerate(callers) if cancelled and n >= slots}
        for n in gone:
            tasks[n].cancel()
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        late = [(order, n) for n, (order, _) in enumerate(callers) if n >= slots and n not in gone]
        assert entered[slots:] == sorted(late)
        assert (gate.in_flight, gate.waiting) == (0, 0)

    asyncio.run(play())


async def test_a_slot_given_to_a_caller_that_is_gone_goes_to_the_next() -> None:
    gate = SlotGate(1)

    async def hold() -> None:
        async with gate.slot(0):
            await asyncio.sleep(0)

    async with gate.slot(0):
        first, second = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert first.cancelled()
    assert second.exception() is None
    assert gate.in_flight == 0


async def test_those_that_wait_can_be_turned_away() -> None:
    gate = SlotGate(1)

    async def hold() -> None:
        async with gate.slot(0):
            pass

    async with gate.slot(0):
        waiting = [asyncio.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(0)
        gate.turn_away(lambda: RuntimeError("gone"))
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(result) for result in results] == ["gone"] * 3
    assert (gate.in_flight, gate.waiting) == (0, 0)


@given(st.floats(0.01, 1), st.floats(1, 20), st.integers(0, 2**32))
def test_pauses_grow_to_a_bound(first: float, most: float, seed: int) -> None:
    backoff, longest = Backoff(first, most, random.Random(seed)), first
    for _ in range(12):
        assert min(most, longest) / 2 <= backoff.pause() <= min(most, longest)
        longest *= 2


@given(st.lists(st.lists(st.integers(2, 50), max_size=5), max_size=6), st.integers(1, 20), st.data())
def test_pieces_of_a_message_are_asked_for_and_joined_id_for_id(
    broken_off: list[list[int]], most: int, data: st.DataObject
) -> None:
    partial, sampled = PartialAnswer(request(max_tokens=most, seed=5)), list[int]()
    seeds = set()
    for piece in [*broken_off, None]:
        asked = partial.request("x")
        assert asked.prompt_ids == (*request().prompt_ids, *sampled)
        assert asked.sampling.max_tokens == most - len(sampled) > 0
        seeds.add((asked.sampling.seed, len(sampled)))
        last = piece is None
        ids = (data.draw(st.lists(st.integers(2, 50))) if last else piece)[: asked.sampling.max_tokens]
        finish = FinishReason.STOP if last else FinishReason.ABORT
        logprobs = tuple(-token / 8 for token in ids)
        whole = partial.add(EngineAnswer(tuple(ids), logprobs, finish, len(asked.prompt_ids)))
        sampled += ids
        assert (whole is not None) == (last or len(sampled) == most)
        if whole is not None:
            assert whole.token_ids == tuple(sampled)
            assert whole.logprobs == tuple(-token / 8 for token in sampled)
            assert whole.finish_reason is (FinishReason.STOP if last else FinishReason.LENGTH)
            assert whole.prompt_tokens == len(request().prompt_ids)
            break
    assert len({seed for seed, _ in seeds}) == len({length for _, length in seeds})


@settings(max_examples=40)
@given(st.lists(st.integers(0, 399), max_size=40), st.lists(st.text("`\n </output", min_size=1), max_size=3))
def test_a_message_ends_with_the_first_id_that_completes_a_stop_text(ids: list[int], stop: list[str]) -> None:
    decode = template().decode
    length = length_to_stop(decode, ids, stop)

    def stopped(count: int) -> bool:
        return any(each in decode(ids[:count]) for each in stop)

    if not stopped(len(ids)):
        assert length is None
    else:
        assert length is not None
        assert stopped(length)
        assert not stopped(length - 1)


@pytest.mark.parametrize("name", ["slots", "deadline", "response_bytes", "pause_first"])
def test_limits_that_limit_nothing_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0; give more than 0"):
        replace(FleetLimits(), **{name: 0})


def test_the_documentation_names_every_limit_and_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text()
    told = dict[str, float]()
    for names, values in re.findall(r"^\| (`.*?`) \| ([\d., ]+) \|", page, re.MULTILINE):
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(", "), strict=True):
            told[name] = float(value)
    assert told == {field.name: field.default for field in fields(FleetLimits)}
