"""A file is whole or as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from replgym.envs.whole_file import whole_file


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("one", "two"):
        with whole_file(path) as beside:
            beside.write_text(text)
            assert not path.exists() or path.read_text() == "one"
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path) -> None:
    with whole_file(path) as beside:
        beside.write_text("tw")
        raise RuntimeError("stop")


def test_what_ends_badly_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    with pytest.raises(RuntimeError, match="stop"):
        write_half(path)
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]
