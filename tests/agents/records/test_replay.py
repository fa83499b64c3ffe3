import json
from pathlib import Path

import pytest

from replgym.agents.records.likeness import Likeness, difference, settled
from replgym.agents.records.run_data import read_run
from replgym.agents.rollouts.episode import Turn
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.cli import main


def changed_run(stored: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of a run in which one observed text was another."""
    folder.mkdir()
    for name in ("run.json", "episodes.jsonl"):
        (folder / name).write_text((stored / name).read_text().replace(old, new))
    return folder


def test_what_is_played_again_is_compared_cell_by_cell(
    stored_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(stored_run), "--concurrency", "2"]) == 0
    told = capsys.readouterr().out
    assert "2 episodes, 18 cells:" in told
    assert "2 different" in told, "the clock of each episode"
    assert "deterministic: 88.9% of the cells, 0 of 2 episodes" in told
    assert told.count("turn 4, cell 1") == 2


def test_one_episode_and_a_difference(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = changed_run(stored_run, tmp_path / "run", "once per cell", "twice per cell")
    episodes = read_run(run).arms["evaluation"]
    episode = next(each for each in episodes if "twice per cell" in each.turns[1].observation)
    assert main(["replay", str(run), "--episode", episode.id]) == 0
    told = capsys.readouterr().out
    assert "1 episodes, 9 cells" in told
    assert f"{episode.id} {episode.task_id} (sample 0), turn 2, cell 1" in told
    assert "-RuntimeError: f may be called twice per cell" in told
    assert "+RuntimeError: f may be called once per cell" in told


def test_a_run_without_settings_and_results(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bare.jsonl"
    with EpisodeLog(path) as log:
        for episode in read_run(stored_run).arms["evaluation"]:
            turns: tuple[Turn, ...] = tuple(t.model_copy(update={"results": ()}) for t in episode.turns[:2])
            log.append(episode.model_copy(update={"turns": turns}))
    assert main(["replay", str(path)]) == 0
    told = capsys.readouterr().out
    assert "did not record its settings" in told
    assert "2 episodes, 4 cells: 4 the same" in told


def test_settings_of_another_version_are_one_line(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = changed_run(stored_run, tmp_path / "run", '"action_format"', '"former_format"')
    assert main(["replay", str(run)]) == 2
    assert "settings that the run recorded cannot be used" in capsys.readouterr().err


def test_a_fault_of_the_machine_is_told(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = changed_run(stored_run, tmp_path / "run", "none", "none")
    record = json.loads((run / "run.json").read_text())
    record["settings"]["environment"] |= {
        "backend": "docker",
        "backend_options": {"docker": {"host": "unix:///no"}},
    }
    (run / "run.json").write_text(json.dumps(record))
    assert main(["replay", str(run), "-n", "1"]) == 1
    captured = capsys.readouterr()
    assert "docker" in (captured.out + captured.err).lower()


@pytest.mark.parametrize(
    ("old", "new", "likeness"),
    [
        ("x", "x", Likeness.SAME),
        ("<A object at 0x7f12ab34cd>", "<A object at 0x7f99999999>", Likeness.VOLATILE),
        ("took 1.25 s", "took 3.5 s", Likeness.VOLATILE),
        ("12.1 ms ± 3 µs per loop", "9 ms ± 11 ns per loop", Likeness.VOLATILE),
        ("at 2026-11-21 10:11:12.5", "at 2027-01-01T00:00:00", Likeness.VOLATILE),
        ("/tmp/tmpabc/x.py, line 3", "/tmp/tmpxyz/x.py, line 3", Likeness.VOLATILE),
        ("3 4", "3 5", Likeness.DIFFERENT),
        ("100 items", "101 items", Likeness.DIFFERENT),
        ("", "x", Likeness.DIFFERENT),
    ],
)
def test_what_counts_as_the_same(old: str, new: str, likeness: Likeness) -> None:
    assert Likeness.of(old, new) is likeness
    assert settled(settled(old)) == settled(old)


def test_a_difference_is_a_diff() -> None:
    assert difference("a\nb\nc", "a\nx\nc") == ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]
