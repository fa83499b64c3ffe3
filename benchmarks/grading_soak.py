"""A long run of the judge: what is left after thousands of submissions, honest and hostile ones in turn."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from pathlib import Path

import machine
import results

from replgym.rewards import CallCase, CallTests, Judge, StdioCase, StdioTests

_SETTLE_SECONDS = 3.0
_MEMORY_BYTES = 20 << 20
_MAY_GROW = ("resident bytes", "unix sockets")
"""The one has a limit of its own, the other counts the sockets of the whole machine."""
_CALLS = CallTests(
    entry_point="solve", cases=tuple(CallCase(arguments=(n,), expected=n * n) for n in range(3))
)
_STDIO = StdioTests(cases=tuple(StdioCase(stdin=f"{n}\n", expected=f"{n * n}\n") for n in range(3)))
_LEAVES = (
    "import os, subprocess\nsubprocess.Popen(['sleep', '999'], start_new_session=True)\n"
    "open('left', 'w').close()\n"
)
_SUBMISSIONS = (
    (_CALLS, "def solve(n):\n    return n * n\n", True),
    (_STDIO, "n = int(input())\nprint(n * n)\n", True),
    (_CALLS, "import os\n\ndef solve(n):\n    os._exit(0)\n", False),
    (_CALLS, _LEAVES + "def solve(n):\n    return n * n\n", True),
    (_STDIO, _LEAVES + "n = int(input())\nprint(n * n)\n", True),
    (_CALLS, "def solve(n:\n", False),
)


async def soak(count: int, cores: int, folder: Path) -> int:
    """Grades that many submissions and says what is left.

    Returns:
        0 when every verdict was right and nothing but less than 20 MB of memory is left, else 1.
    """
    record: dict[str, object] = {"machine": machine.describe(), "submissions": count}
    before, begin = machine.held(), time.perf_counter()
    async with Judge(concurrency=cores) as judge:
        todo = iter(range(count))

        async def work() -> int:
            wrong = 0
            for number in todo:
                tests, source, right = _SUBMISSIONS[number % len(_SUBMISSIONS)]
                verdict = await judge.grade(tests, source, time_limit=10.0)
                wrong += verdict.passed != right
            return wrong

        wrong = sum(await asyncio.gather(*(work() for _ in range(cores * 2))))
        during = machine.held()
    gc.collect()
    await asyncio.sleep(_SETTLE_SECONDS)
    after = machine.held()
    grown = {name: after[name] - before[name] for name in before}
    left = [name for name in grown if name not in _MAY_GROW and grown[name] > 0]
    clean = not left and not wrong and grown["resident bytes"] < _MEMORY_BYTES
    record |= {
        "wrong verdicts": wrong,
        "grown": grown,
        "grown while the judge was open": {name: during[name] - before[name] for name in before},
        "seconds": round(time.perf_counter() - begin, 1),
        "clean": clean,
    }
    text = "".join(f"- {name}: {value}\n" for name, value in record.items())
    results.write(folder, "judge-soak", record, text)
    sys.stdout.write(f"{count} submissions in {record['seconds']} s; wrong: {wrong}; grown: {grown}\n")
    return 0 if clean else 1
