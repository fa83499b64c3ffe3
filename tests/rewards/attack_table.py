"""Writes docs/judge-attacks.md, the table of all attacks and right programs on every level of isolation.

    python -m tests.rewards.attack_table

Run it from the root of the repository after a change of the judge or of the suites.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from replgym.rewards import Judge

from .levels import LEVELS, absence_of
from .suite import Result, judged
from .suite_programs import Program, programs

PAGE = Path(__file__).parents[2] / "docs" / "judge-attacks.md"
_SECONDS = {"attacks": 1.0, "fairness": 30.0}
_INTRODUCTION = """# Attacks on the judge

Wrong programs that try to be rewarded, and right programs that look strange, each of them one file in
[tests/rewards/attacks](../tests/rewards/attacks) and [tests/rewards/fairness](../tests/rewards/fairness).
Every program meets hidden tests of every kind that it is for: calls, `check` programs, assertions, pytest and
unittest modules, in the examiner and beside the submission, and whole programs in Python and C++ with every
comparison. CI runs them all; whoever finds a new trick adds one file.

The numbers say by how many kinds of tests an attack was rewarded, of how many. Rewarded means that one hidden
test passed. For a right program they say how many kinds of tests it passed; a few need what a level lacks,
such as locks between processes.

Where tests run beside the submission, values are still compared outside. But a test that computes what it
expects does so there, where a submission can find the way: a pass of such a test says so in its message, and
`Judge(allow_unproven=False)` grants none.
"""


async def _cells(folder: str, level: str) -> dict[str, str]:
    async with Judge(concurrency=os.cpu_count(), isolation=level) as judge:
        found = {}
        for program in programs(folder):
            if program.not_on == level:
                found[program.name] = "needs more"
                continue
            results = await judged(judge, program, seconds=_SECONDS[folder])
            found[program.name] = _cell(folder, results)
        return found


def _cell(folder: str, results: list[Result]) -> str:
    hits = sum(result.rewarded if folder == "attacks" else result.all_passed for result in results)
    faults = sum(bool(result.fault) for result in results)
    return f"{hits} of {len(results)}" + f", {faults} faults" * bool(faults)


async def _columns(folder: str) -> dict[str, dict[str, str] | str]:
    """The cells of each level, or why there are none."""
    columns: dict[str, dict[str, str] | str] = {}
    for level in LEVELS:
        absence = await absence_of(level, attacks=folder == "attacks")
        columns[level.value] = absence or await _cells(folder, level.value)
    return columns


def _table(title: str, columns: dict[str, dict[str, str] | str], rows: list[Program]) -> Iterator[str]:
    yield f"## {title}\n"
    for level, cells in columns.items():
        if isinstance(cells, str):
            yield f"Not on `{level}`: {cells}.\n"
    shown = {level: cells for level, cells in columns.items() if not isinstance(cells, str)}
    yield f"| program | what it does | {' | '.join(f'`{level}`' for level in shown)} |"
    yield "|---|---|" + "---|" * len(shown)
    for program in rows:
        cells = " | ".join(column[program.name] for column in shown.values())
        yield f"| `{program.name}` | {program.trick.replace('|', '/')} | {cells} |"
    yield ""


def names_in(page: str) -> list[str]:
    """The programs that a page shows, in its order."""
    return re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)


async def _write() -> None:
    machine = f"Linux {platform.release()}, Python {platform.python_version()}"
    lines = [_INTRODUCTION, f"Last run: {datetime.now(UTC):%Y-%m-%d}, {machine}.\n"]
    for folder, title in (("attacks", "Wrong programs"), ("fairness", "Right programs")):
        lines += _table(title, await _columns(folder), programs(folder))
    PAGE.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    asyncio.run(_write())
