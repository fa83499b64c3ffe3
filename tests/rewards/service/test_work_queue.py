"""The line of the service: who is served when, and who is turned away."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards.service.work_queue import QueueFullError, QueueTimeoutError, WorkQueue


async def test_the_oldest_is_served_first() -> None:
    queue = WorkQueue(workers=1, capacity=10)
    served: list[int] = []

    async def work(number: int) -> None:
        async with queue.place(60):
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, range(8)))
    assert served == list(range(8))
    assert (queue.running, queue.waiting) == (0, 0)


async def test_a_full_line_turns_away_at_once() -> None:
    queue = WorkQueue(workers=1, capacity=1)
    async with queue.place(1):
        waiting = asyncio.create_task(queue.place(60).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError, match="1 wait already") as caught:
            await queue.place(60).__aenter__()
        assert caught.value.retry_seconds >= 1
        waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (queue.running, queue.waiting) == (0, 0)


async def test_patience_ends() -> None:
    queue = WorkQueue(workers=1, capacity=5)
    async with queue.place(1):
        with pytest.raises(QueueTimeoutError):
            await queue.place(0.01).__aenter__()
        assert queue.waiting == 0
    async with queue.place(1):
        assert queue.running == 1


@given(
    workers=st.integers(1, 4),
    capacity=st.integers(0, 5),
    actions=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=25),
)
def test_no_place_is_lost_whoever_leaves(
    workers: int, capacity: int, actions: list[tuple[bool, int]]
) -> None:
    async def play() -> None:
        queue = WorkQueue(workers, capacity)
        tasks: list[asyncio.Task[None]] = []
        most = 0

        async def work(steps: int) -> None:
            nonlocal most
            async with queue.place(60):
                most = max(most, queue.running)
                for _ in range(steps):
                    await asyncio.sleep(0)

        for cancels, number in actions:
            if cancels and tasks:
                tasks[number % len(tasks)].cancel()
            else:
                tasks.append(asyncio.create_task(work(number)))
            await asyncio.sleep(0)
            assert queue.waiting <= capacity
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (queue.running, queue.waiting) == (0, 0)
        assert most <= workers

    asyncio.run(play())
