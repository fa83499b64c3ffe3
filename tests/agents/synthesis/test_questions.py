"""Where questions come from: trees, combinations, files and task sets; and which of them are dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from replgym.agents.synthesis.feature_tree import leaves_of, read_seeds
from replgym.agents.synthesis.given_questions import read_questions
from replgym.agents.synthesis.problem_seed import ProblemSeed
from replgym.agents.synthesis.question import Question
from replgym.agents.synthesis.question_filter import filtered, index_of
from replgym.agents.synthesis.rejection import Rejection
from replgym.agents.synthesis.style import Style
from replgym.envs.task_data.evaluation_index import EvaluationIndex
from replgym.envs.task_data.set_choice import SetChoice
from replgym.envs.task_set import TaskSet
from replgym.envs.task_sources.bad_row import BadRow
from replgym.envs.task_sources.reader import SourceError

TREE = """
algorithms:
  graphs: [shortest paths, union-find]
  sorting:
data structures: [heap, {trees: [trie, 2-3]}]
"""
LEAVES = [
    "algorithms / graphs / shortest paths",
    "algorithms / graphs / union-find",
    "algorithms / sorting",
    "data structures / heap",
    "data structures / trees / trie",
    "data structures / trees / 2-3",
]


def seeds(path: Path, tasks: int | None = None, *, features: int = 2, seed: int = 0) -> list[ProblemSeed]:
    return list(read_seeds(path, list(Style), tasks=tasks, features=features, mandatory=1, seed=seed))


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_draws_from_a_tree(tmp_path: Path) -> None:
    tree = file(tmp_path, "tree.yaml", TREE)
    found = seeds(tree, 6)
    assert found == seeds(tree, 6)
    assert found != seeds(tree, 6, seed=1)
    assert found[:3] == seeds(tree, 3)
    assert [seed.style for seed in found] == [*Style, *Style]
    assert all(set(seed.features) < set(LEAVES) and seed.mandatory == seed.features[:1] for seed in found)
    assert len({seed.key for seed in found}) == 6
    # 15 pairs in each of three styles: no combination comes twice, however many are wanted.
    many = seeds(tree, 100)
    assert len({(seed.style, frozenset(seed.features)) for seed in many}) == len(many) <= 45
    assert seeds(file(tmp_path, "tree.json", json.dumps({"a": ["b", "c"]})), 1)[0].features


@given(
    some.recursive(
        some.text("ab", min_size=1),
        lambda part: (
            some.lists(part, max_size=3) | some.dictionaries(some.text("cd", min_size=1), part, max_size=3)
        ),
        max_leaves=9,
    )
)
def test_every_text_of_a_tree_is_a_leaf(tree: object) -> None:
    def texts(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        parts = part.values() if isinstance(part, dict) else part
        return [text for each in parts for text in texts(each)]  # type: ignore[attr-defined]

    assert [leaf.rpartition(" / ")[2] for leaf in leaves_of(tree)] == texts(tree)


def test_combinations(tmp_path: Path) -> None:
    rows = [
        {"features": {"graphs": ["bfs", "dfs"]}, "mandatory_features": ["bfs"], "idx": 7, "leaf_count": 2},
        {"features": '["heap"]', "mandatory_features": None, "style": "leetcode"},
    ]
    path = file(tmp_path, "rows.jsonl", "\n".join(map(json.dumps, rows)))
    first, second = seeds(path)
    assert (first.features, first.mandatory) == (("graphs / bfs", "graphs / dfs"), ("bfs",))
    assert (first.style, second.style, second.features) == (Style.CODEFORCES, Style.LEETCODE, ("heap",))
    assert len(seeds(path, 1)) == 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("tree.yaml", "a: [b]", "--features-per-task 2 needs as many"),
        ("tree.yaml", "a: [", "give a tree of mappings"),
        ("tree.txt", "a", "use a tree or combinations"),
        ("rows.jsonl", '{"idx": 1}', "row 1: None is neither"),
        ("rows.jsonl", '{"features": []}', "row 1"),
        ("rows.jsonl", '{"features": ["a"], "style": "golf"}', "'golf' is not a valid Style"),
        ("rows.jsonl", "no", "row 1"),
    ],
)
def test_files_without_features(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        seeds(file(tmp_path, name, text))


def questions(text: Path | str) -> list[Question | BadRow]:
    return list(read_questions(str(text), source="mine"))


def test_questions_of_a_file(tmp_path: Path) -> None:
    rows = [
        {"question": "Add."},
        {"query": "Sort.", "starter_code": "class Solution:\n    def order(self, values):"},
        {"prompt": "Turn.", "entry_point": "turn"},
        {"prompt": "Halve.", "tests": {"kind": "call", "entry_point": "halve"}},
        {"question": " "},
        {"question": "Steal.", "entry_point": "__import__('os').system"},
        {"question": "Two.", "starter_code": "def a(): ...\ndef b(): ..."},
    ]
    found = questions(file(tmp_path, "rows.jsonl", "\n".join(map(json.dumps, rows)) + "\n{"))
    sound = [question for question in found if isinstance(question, Question)]
    assert [question.entry_point for question in sound] == ["", "Solution().order", "turn", "halve"]
    assert [bad.field for bad in found if isinstance(bad, BadRow)] == [
        "question",
        "entry_point",
        "starter_code",
        "",
    ]
    assert sound[0].prompt.startswith("Add.\n\nWrite a whole program that reads standard input")
    assert sound[1].prompt == "Sort.\n\nDefine the method `order` of class `Solution`."
    assert sound[2].prompt == "Turn.\n\nDefine the function `turn`."
    assert len({question.id for question in sound}) == 4
    assert sound[0].id.startswith("mine/")


def test_questions_of_a_task_set() -> None:
    found = list(read_questions("humaneval", source="mine", limit=3))
    tasks = TaskSet.load("humaneval").take(3)
    assert [question.text for question in found if isinstance(question, Question)] == [
        task.prompt for task in tasks
    ]
    assert isinstance(found[0], Question)
    assert found[0].entry_point == "has_close_elements"
    assert found[0].prompt == found[0].text


def test_what_repeats_or_leaks_is_dropped() -> None:
    leaked = TaskSet.load("humaneval")[0].prompt
    texts = ["Add two numbers and write their sum, please, to the standard output of your program, at once.",
             "add two numbers and  WRITE their sum, please, to the standard output of your program, at once.",
             "Add two numbers and write their sum, please, to the standard output of your program, at last.",
             f"Once upon a time. {leaked}"]  # fmt: skip
    given_questions = [Question(id=str(place), text=text) for place, text in enumerate(texts)]
    index = index_of([SetChoice.parse("humaneval")])
    found = list(filtered(given_questions, index, near=0.5))
    assert found[0] == given_questions[0]
    reasons = [rejection.reason.value for rejection in found if isinstance(rejection, Rejection)]
    assert reasons == ["duplicate", "near_duplicate", "contaminated"]
    left = list(filtered(given_questions, EvaluationIndex(), near=None))
    assert [isinstance(question, Question) for question in left] == [True, False, True, True]
