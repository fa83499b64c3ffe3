"""Computes in an event loop.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import asyncio

async def compute(values):
    await asyncio.sleep(0)
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

def digest(values):
    return asyncio.run(compute(values))
