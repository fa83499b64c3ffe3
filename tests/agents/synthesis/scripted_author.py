"""An endpoint that plays the author of a few problems: some sound, some spoilt in a way of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..evaluation.scripted_server import Answer, ScriptedServer

SUM = "Given n and then n numbers on standard input, write their sum to standard output."
RIGHT_SUM = "n, *numbers = map(int, open(0).read().split())\nprint(sum(numbers))"
OTHER_RIGHT_SUM = "n = int(input())\nprint( sum(map(int, input().split())) if n else 0, end='\\n\\n')"
WRONG_SUM = "n, *numbers = map(int, open(0).read().split())\nprint(sum(map(abs, numbers)))"
SUM_INPUTS = ["3\n1 2 3\n", "2\n-1 -2\n", "1\n7\n", "4\n1 1 1 -9\n"]
SUM_GENERATOR = (
    "import json\n\nfor n in (5, 3, 4):\n    numbers = ' '.join(str(-k) for k in range(n))\n"
    "    print(json.dumps(f'{n}\\n{numbers}\\n'))"
)
PAIRS = (
    "Return the pairs of neighbours.\n\n"
    "```python\ndef pairs(values: list[int]) -> list[tuple[int, int]]:\n    pass\n```"
)
RIGHT_PAIRS = "def pairs(values):\n    return list(zip(values, values[1:]))"
LOUD_PAIRS = "def pairs(values):\n    print('noise')\n    return [[a, b] for a, b in zip(values, values[1:])]"
WRONG_PAIRS = "def pairs(values):\n    return [[b, a] for a, b in zip(values, values[1:])]"
PAIRS_INPUTS = [[[1, 2, 3]], [[5]], [[]], [[4, 4]], [[9, 8, 7, 6]]]
COIN = "Print anything you like for a number on standard input to standard output."


def fenced(source: str, language: str = "python") -> str:
    return f"```{language}\n{source}\n```"


def listed(values: list[Any]) -> str:
    return fenced("\n".join(map(json.dumps, values)), "json")


@dataclass
class Problem:
    """What the author writes about one feature; solutions by sample number, the last one for all others."""

    statement: str
    solutions: list[str] = field(default_factory=list)
    generator: str = ""
    inputs: str = ""


PROBLEMS: Mapping[str, Problem] = {
    "sum": Problem(
        SUM,
        [
            fenced(RIGHT_SUM),
            fenced(WRONG_SUM),
            f"<think>\n{fenced('draft')}\n</think>\nHere it is.\n{fenced(OTHER_RIGHT_SUM)}",
            f"{fenced(RIGHT_SUM)}\nor\n{fenced(WRONG_SUM)}",
            fenced(RIGHT_SUM),
            # The verifier's tries:
            fenced(RIGHT_SUM),
            fenced(WRONG_SUM),
            fenced(RIGHT_SUM),
            "I do not know.",
        ],
        fenced(SUM_GENERATOR),
        listed(SUM_INPUTS),
    ),
    "pairs": Problem(
        PAIRS,
        [
            fenced(WRONG_PAIRS),
            fenced(LOUD_PAIRS),
            fenced(RIGHT_PAIRS),
            fenced("def other():\n    pass"),
            fenced(RIGHT_PAIRS),
            *[fenced(RIGHT_PAIRS)] * 4,
        ],
        fenced("raise SystemExit('no inputs')"),
        listed(PAIRS_INPUTS),
    ),
    "coin": Problem(
        COIN,
        [fenced(f"print({number // 2})") for number in range(4)] + [fenced("print(")],
        fenced("for n in range(6):\n    print(f'\"{n}\"')"),
        listed(["10", "20"]),
    ),
    "copy": Problem(SUM),
    "spoilt": Problem(""),
}

SPOILT: Mapping[str, Problem] = {
    "yes": Problem(
        "Say yes to standard output, whatever standard input holds.",
        [fenced("print('yes')")],
        fenced("import json\nfor n in range(9):\n    print(json.dumps(str(n)))"),
        listed(["a", "b", "c", "d"]),
    ),
    "shrug": Problem("Shrug at standard input and standard output.", [fenced("print(1)"), "No idea."]),
    "mute": Problem("Double standard input onto standard output.", [fenced("print(2)")], "No.", "Neither."),
    "split": Problem(
        "Sort standard input onto standard output.",
        [
            fenced("n = int(input())\nprint(n if n != 3 else 0)"),
            fenced("n = int(input())\nprint(n if n != 4 else 0)"),
            fenced("n = int(input())\nprint(n if n != 5 else 0)"),
            fenced("n = int(input())\nprint(n if n != 6 else 0)"),
        ],
        fenced("import json\nfor n in range(3, 7):\n    print(json.dumps(str(n)))"),
        listed(["7", "8"]),
    ),
}
"""Problems of which no task is made, unless less is asked of the golden solution."""


class Author:
    """Answers by what stands in the prompt, and by the seed of the sample.

    Args:
        before: Called with the number of each request; what it returns, if anything, is answered instead.
    """

    def __init__(self, before: Callable[[int], Answer | None] = lambda _: None) -> None:
        self.before = before
        self.server = ScriptedServer(self._answer)

    def _answer(self, number: int, body: dict[str, Any]) -> Answer:
        return self.before(number) or self._written(body)

    def _written(self, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if asked.startswith("Plan a new"):
            features = json.loads(asked[asked.index("{") : asked.index("}") + 1])["features"]
            return f"<think>hm</think>Feature: {features[0]}."
        if asked.startswith("Write the statement"):
            name = asked.partition("Feature: ")[2].partition(".")[0]
            statement = {**PROBLEMS, **SPOILT}[name].statement
            return f"<problem>\n{statement}\n</problem>" if statement else "I would rather not."
        every = [*PROBLEMS.values(), *SPOILT.values()]
        problem = next(each for each in every if each.statement and each.statement in asked)
        if "Write a Python program that makes" in asked:
            return problem.generator
        if "different valid inputs for this problem" in asked:
            return problem.inputs
        return problem.solutions[min(body["seed"], len(problem.solutions) - 1)]
