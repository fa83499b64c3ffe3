"""Reads its input in a thread of an event loop.

kinds: stdio
"""

import asyncio
import sys

async def main():
    line = await asyncio.to_thread(sys.stdin.readline)
    values = list(map(int, line.split()))
    print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)

asyncio.run(main())
