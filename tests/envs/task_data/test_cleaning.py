"""Duplicates are found, near ones too, and tasks that share text with an evaluation set."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.envs.task_data.duplicate_finder import DuplicateFinder
from replgym.envs.task_data.evaluation_index import EvaluationIndex
from replgym.envs.task_data.words import hashed_runs, words_of

WORDS = [f"word{number}" for number in range(2000)]


def text(seed: int, length: int = 200) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def changed(original: str, share: float) -> str:
    """The text with this share of its words replaced, in one stretch."""
    words = original.split()
    words[: int(share * len(words))] = ["other"] * int(share * len(words))
    return " ".join(words)


def test_equal_texts_are_found_whatever_their_case_and_space() -> None:
    with DuplicateFinder() as finder:
        assert finder.add("a", "Sum the  numbers.\n") is None
        found = finder.add("b", "sum THE numbers. ")
        assert found is not None
        assert (found.of, found.similarity, found.near) == ("a", 1.0, False)
        assert finder.add("c", "sum the numbers!") is None, "punctuation may be all that differs"


@pytest.mark.parametrize(("share", "near"), [(0.0, True), (0.05, True), (0.4, False), (0.9, False)])
def test_near_duplicates_are_those_above_the_similarity(share: float, near: bool) -> None:
    with DuplicateFinder(near=0.8) as finder:
        for seed in range(30):
            assert finder.add(f"{seed}", text(seed)) is None
        found = [finder.add(f"{seed}+", changed(text(seed), share) + ".") for seed in range(30)]
        assert [hit is not None for hit in found].count(near) >= 29
        if near:
            assert [hit.of for hit in found if hit] == [str(seed) for seed, hit in enumerate(found) if hit]
            assert all(hit.near for hit in found if hit)


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with DuplicateFinder(near=0.9) as finder:
        finder.add("a", "x y z")
        assert list(tmp_path.iterdir())
    finder.close()
    assert not list(tmp_path.iterdir())


def test_a_wrong_similarity_is_told() -> None:
    with pytest.raises(ValueError, match=r"near is 0\.2; it must be between 0\.5 and 1"):
        DuplicateFinder(near=0.2)


def test_a_shared_run_of_13_words_is_a_collision() -> None:
    index = EvaluationIndex()
    index.add("eval/1", f"Once. {text(1, 40)}")
    shared = " ".join(text(1, 40).split()[5:18])
    found = index.collision(f"{text(2)} {shared.upper()}, {text(3)}")
    assert found is not None
    assert (found.evaluation_task, found.shared) == ("eval/1", shared)
    twelve = " ".join(shared.split()[:12])
    assert index.collision(f"{text(2)} {twelve} {text(3)}") is None


def test_phrases_that_many_evaluation_tasks_have_are_no_collision() -> None:
    phrase = "you may assume that each input has exactly one answer and return it in any order"
    index = EvaluationIndex()
    for seed in range(3):
        index.add(f"eval/{seed}", f"{text(seed, 30)} {phrase}")
    assert index.collision(f"{text(9, 30)} {phrase}") is None
    assert index.collision(text(1, 30)) is not None
    assert index.tasks == 3


def test_short_evaluation_texts_count_as_a_whole_when_they_say_enough() -> None:
    index = EvaluationIndex()
    index.add("short", "write a function that adds two given numbers")
    index.add("tiny", "add two numbers")
    assert index.collision("Please, write a function that adds two given numbers, quickly") is not None
    assert index.collision("add two numbers of any size that you like to have") is None
    assert index.collision("") is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40), st.integers(1, 20))
def test_every_run_is_hashed_where_it_begins(words: list[str], length: int) -> None:
    runs = hashed_runs(words, length)
    assert len(runs) <= max(1, len(words) - length + 1)
    for place in range(len(words) - length + 1):
        (key,) = hashed_runs(words[place : place + length], length)
        assert key in runs


def test_words_are_the_same_in_every_writing() -> None:
    assert words_of("Ｆｕｌｌ-width, naïve CODE_1!") == ["full", "width", "naïve", "code_1"]
