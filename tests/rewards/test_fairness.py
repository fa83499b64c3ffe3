"""Right programs that look strange: all of them pass, on every level."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.rewards import Judge, Language, StdioCase, StdioTests

from .levels import LEVELS, judge_on
from .suite import judged
from .suite_programs import Program, programs

pytestmark = pytest.mark.asyncio(loop_scope="module")

HONEST = programs("fairness")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=LEVELS, ids=str)
async def level_judge(request: pytest.FixtureRequest) -> AsyncIterator[Judge]:
    async with await judge_on(request.param, attacks=False) as made:
        yield made


@pytest.fixture
def level(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["level_judge"])


@pytest.mark.parametrize("program", HONEST, ids=lambda program: program.name)
async def test_right_program_passes(level_judge: Judge, level: str, program: Program) -> None:
    results = await judged(level_judge, program, seconds=30)
    if program.not_on == level:
        assert not any(result.all_passed for result in results), "the level has what the program needs"
        return
    for result in results:
        assert result.all_passed, str(result)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (Language.PYTHON, "for n in range(int(input())):\n    print(n)"),
        (
            Language.PYTHON,
            "import sys\nsys.stdout.writelines(f'{n}\\n' for n in range(int(sys.stdin.read())))",
        ),
        (
            Language.CPP,
            "#include <iostream>\nint main() { int n; std::cin >> n;"
            ' for (int i = 0; i < n; ++i) std::cout << i << "\\n"; }',
        ),
    ],
    ids=["print", "writelines", "c++"],
)
async def test_large_output_passes(level_judge: Judge, language: Language, source: str) -> None:
    expected = "".join(f"{n}\n" for n in range(500_000))
    tests = StdioTests(cases=(StdioCase(stdin="500000\n", expected=expected),), language=language)
    verdict = await level_judge.grade(tests, source, time_limit=30)
    assert verdict.passed, verdict.tests[0].message[:200]


async def test_large_input_passes(level_judge: Judge) -> None:
    numbers = " ".join(map(str, range(500_000)))
    tests = StdioTests(cases=(StdioCase(stdin=numbers, expected=str(sum(range(500_000)))),))
    verdict = await level_judge.grade(tests, "print(sum(map(int, input().split())))", time_limit=30)
    assert verdict.passed, verdict.tests[0].message[:200]
