"""Every promise of the pool, under contention and cancellation, with kernels that cost nothing."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.kernels import KernelClosedError, KernelPool, PoolMetrics, PoolSaturatedError
from replgym.kernels.duration_record import BOUNDS, DurationRecord

from .counted_kernels import CountedKernel, KernelCounter


async def test_thousands_of_sessions_in_order_within_the_bound() -> None:
    house, order = KernelCounter(), list[int]()
    async with KernelPool(house, size=16, warm=4) as pool:

        async def session(number: int) -> None:
            async with pool.acquire() as kernel:
                order.append(number)
                assert isinstance(kernel, CountedKernel)
                assert kernel.closes == 0
                await asyncio.sleep(0)

        await asyncio.gather(*(session(number) for number in range(2000)))
        assert order == list(range(2000))
        stats = pool.stats()
        assert (stats.acquires, stats.acquired, stats.waiting, stats.waits.count) == (2000, 0, 0, 2000)
        assert house.most <= 16
    assert house.open == 0
    assert all(kernel.closes == 1 for kernel in house.made)


async def test_whoever_gives_up_does_not_hold_up_the_line() -> None:
    house = KernelCounter()
    async with KernelPool(house, size=1, warm=0) as pool:
        async with pool.acquire():
            impatient = [asyncio.create_task(pool.acquire(timeout=0.01).__aenter__()) for _ in range(50)]
            last = pool.acquire()
            patient = asyncio.create_task(last.__aenter__())
            results = await asyncio.gather(*impatient, return_exceptions=True)
            assert all(isinstance(result, PoolSaturatedError) for result in results)
            assert pool.stats().waiting == 1
        assert (await patient) is house.made[1]
        await last.__aexit__(None, None, None)
        assert pool.stats().saturated == 50


@given(seed=st.integers(0, 1 << 30))
def test_cancellation_anywhere_loses_no_kernel(seed: int) -> None:
    """Sessions are cancelled after a random number of turns of the loop, wherever they are then."""

    async def scenario() -> None:
        dice = random.Random(seed)
        house = KernelCounter()
        async with KernelPool(house, size=3, warm=dice.randrange(3)) as pool:

            async def session() -> None:
                async with pool.acquire(timeout=dice.choice([0.0, 60.0])):
                    for _ in range(dice.randrange(4)):
                        await asyncio.sleep(0)

            sessions = [asyncio.create_task(session()) for _ in range(12)]
            for _ in range(20):
                await asyncio.sleep(0)
                if dice.random() < 0.5:
                    dice.choice(sessions).cancel()
            await asyncio.gather(*sessions, return_exceptions=True)
            async with pool.acquire(), pool.acquire(), pool.acquire():
                assert pool.stats().acquired == 3
            assert house.most <= 3
        assert house.open == pool.stats().alive == 0

    asyncio.run(scenario())


@given(turns=st.integers(0, 12))
def test_closing_at_any_moment_leaves_nothing(turns: int) -> None:
    async def scenario() -> None:
        house = KernelCounter()
        pool = KernelPool(house, size=3, warm=2)
        blocks = [pool.acquire() for _ in range(6)]
        sessions = [asyncio.create_task(block.__aenter__()) for block in blocks]
        for _ in range(turns):
            await asyncio.sleep(0)
        sessions[0].cancel()
        await pool.close()
        assert house.open == 0
        await asyncio.gather(*sessions, return_exceptions=True)

    asyncio.run(scenario())


async def test_the_end_of_a_block_waits_for_the_end_of_the_kernel_even_when_cancelled() -> None:
    house = KernelCounter(close_seconds=0.02)
    pool = KernelPool(house, size=1, warm=0)

    async def session() -> None:
        async with pool.acquire():
            pass

    running = asyncio.create_task(session())
    while not house.made or not house.made[0].closes:
        await asyncio.sleep(0)
    running.cancel()
    await pool.close()
    assert (house.open, pool.stats().alive) == (0, 0)


async def test_a_kernel_that_cannot_be_closed_does_not_cost_the_episode() -> None:
    house = KernelCounter()
    house.close_error = RuntimeError("stuck")
    async with KernelPool(house, size=1, warm=0) as pool:
        for _ in range(3):
            async with pool.acquire():
                pass
        assert (pool.stats().close_failures, pool.stats().alive) == (3, 0)


async def test_forks_are_counted_and_closed_and_hold_back_new_starts() -> None:
    house = KernelCounter()
    async with KernelPool(house, size=1, warm=0) as pool:
        async with pool.acquire() as kernel, pool.adopt(await kernel.fork()) as fork:
            assert (pool.stats().alive, pool.stats().acquired, pool.stats().adopted) == (2, 2, 1)
            with pytest.raises(PoolSaturatedError):
                async with pool.acquire(timeout=0.01):
                    pass
        assert isinstance(fork, CountedKernel)
        assert (fork.closes, pool.stats().alive) == (1, 0)
        late = await kernel.fork()
    with pytest.raises(KernelClosedError):
        async with pool.adopt(late):
            pass
    assert house.open == 0


async def test_replacements_and_warm_deaths_are_counted() -> None:
    house = KernelCounter()
    async with KernelPool(house, size=2, warm=1) as pool:
        async with pool.acquire() as kernel:
            assert isinstance(kernel, CountedKernel)
            kernel.replacements = 2
            assert pool.stats().replaced == 2
        assert pool.stats().replaced == 2
        while not pool.stats().warm:
            await asyncio.sleep(0)
        house.made[-1].alive = False
        async with pool.acquire() as kernel:
            assert kernel is not house.made[1]
        assert pool.stats().died_warm == 1


async def test_capabilities_come_from_the_back_end_or_a_kernel() -> None:
    house = KernelCounter()
    async with KernelPool(house, size=1, warm=0) as pool:
        assert (await pool.capabilities()).backend == "counted"

    async def tell() -> object:
        return "told"

    async with KernelPool(house, size=1, warm=0, capabilities=tell) as pool:  # type: ignore[arg-type]
        assert await pool.capabilities() == "told"


@given(st.lists(st.floats(0, 100), max_size=300))
def test_percentiles_and_buckets_agree_with_the_sorted_list(seconds: list[float]) -> None:
    record = DurationRecord()
    for value in seconds:
        record.add(value)
    found = record.snapshot()
    assert found.count == len(seconds)
    assert found.buckets == (*(sum(value <= bound for value in seconds) for bound in BOUNDS), len(seconds))
    if seconds:
        for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
            assert value in seconds
            assert sum(other <= value for other in seconds) >= share * len(seconds)
            assert sum(other < value for other in seconds) < share * len(seconds)
        assert found.longest == max(seconds)


async def test_metrics_in_the_text_of_prometheus() -> None:
    from prometheus_client import CollectorRegistry
    from prometheus_client.parser import text_string_to_metric_families

    async with KernelPool(KernelCounter(), size=4, warm=0) as pool:
        metrics = PoolMetrics({"main": pool})
        async with pool.acquire():
            text = metrics.text()
        samples = {
            (sample.name, sample.labels.get("le")): (sample.value, sample.labels["pool"])
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert samples["replgym_kernels_size", None] == (4, "main")
        assert samples["replgym_kernels_acquired", None] == (1, "main")
        assert samples["replgym_kernels_started_total", None] == (1, "main")
        assert samples["replgym_kernels_wait_seconds_bucket", "+Inf"] == (1, "main")
        assert samples["replgym_kernels_start_seconds_count", None] == (1, "main")
        registry = CollectorRegistry()
        registry.register(metrics)
        assert registry.get_sample_value("replgym_kernels_acquires_total", {"pool": "main"}) == 1
