"""What models are asked in each stage."""

from __future__ import annotations

import json

from ..policies.policy import Message
from .problem_seed import ProblemSeed
from .question import Question
from .style import Style

Messages = tuple[Message, ...]

_AUTHOR = "You are an experienced author of programming contests."
_SOLVER = "You are a careful programmer. Answer with one ```python block: the whole program with its imports."
_TESTER = "You are an experienced tester of programming contests."
_FORMS = {
    Style.CODEFORCES: (
        "a Codeforces problem: a short story, the sections Input, Output, Constraints, Examples and Note. "
        "A solution reads standard input and writes to standard output"
    ),
    Style.ATCODER: (
        "an AtCoder problem: no story, the sections Problem Statement, Constraints, Input, Output, Samples. "
        "A solution reads standard input and writes to standard output"
    ),
    Style.LEETCODE: (
        "a LeetCode problem: a function with typed arguments, examples, constraints, and at the end one "
        "```python block with the signature of that one function and `pass` as its body. Arguments and "
        "results are numbers, texts, booleans, lists, or dictionaries with texts as keys"
    ),
}


def analysis(seed: ProblemSeed) -> Messages:
    """The first stage: which features go together, and how."""
    told = json.dumps({"features": seed.features, "mandatory_features": seed.mandatory}, indent=1)
    return _asked(
        _AUTHOR,
        f"Plan a new, hard but solvable problem from these features:\n\n{told}\n\n"
        "Choose features that belong together naturally; all mandatory ones must be among them. For each say "
        "which part it plays. Then describe how they combine into one problem, the intended solution and its "
        "complexity, and the cases in which a hasty solution fails. Write no statement yet.",
    )


def statement(seed: ProblemSeed, plan: str) -> Messages:
    """The second stage: the problem itself."""
    return _asked(
        _AUTHOR,
        f"Write the statement of the problem that is planned here:\n\n{plan}\n\n"
        f"It must look like {_FORMS[seed.style]}. It must be complete and have exactly one right answer for "
        "every input; where numbers with fractions are wanted, say how many decimals. Do not tell how it is "
        "solved, and do not name the features. Put the statement between <problem> and </problem>.",
    )


def solution(question: Question) -> Messages:
    """A solution, of which several are sampled."""
    return _asked(_SOLVER, question.prompt)


def generator(question: Question, count: int) -> Messages:
    """A program that writes inputs."""
    return _asked(
        _TESTER,
        f"{question.prompt}\n\nWrite a Python program that makes {count} different valid inputs for it: "
        "small ones, corner cases, random ones and large ones, but none of more than 100,000 characters. It "
        f"uses the standard library alone, and seeds its random numbers. It prints one line for each input: "
        f"{_input_form(question)}. Answer with one ```python block.",
    )


def listed_inputs(question: Question, count: int) -> Messages:
    """Inputs, written out."""
    return _asked(
        _TESTER,
        f"{question.prompt}\n\nWrite {count} different valid inputs for this problem that make wrong or slow "
        f"solutions fail, corner cases above all. Write one line for each input: {_input_form(question)}. "
        "Answer with one ```json block, and do not write the outputs.",
    )


def _input_form(question: Question) -> str:
    if question.entry_point:
        return "the list of its arguments as JSON, such as [[1, 2, 3], 4]"
    return 'the whole of standard input as one JSON text, such as "3\\n1 2 3\\n"'


def _asked(system: str, user: str) -> Messages:
    return ({"role": "system", "content": system}, {"role": "user", "content": user})
