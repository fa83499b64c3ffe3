import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.episode_history import last_attempts
from replgym.agents.rollouts.episode_log import EpisodeLog, EpisodeLogError, read_episodes


def episode(name: str) -> Episode:
    return Episode(
        id=name,
        task_id="t",
        policy="p",
        messages=({"role": "user", "content": "naïve \u2028 x"},),
        stop=StopReason.SUBMITTED,
    )


def test_episodes_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    assert list(read_episodes(path)) == []
    episodes = [episode(str(n)) for n in range(5)]
    with EpisodeLog(path) as log:
        for one in episodes:
            log.append(one)
        assert list(read_episodes(path)) == episodes
    with EpisodeLog(path) as log:
        log.append(episodes[0])
    assert list(read_episodes(path)) == [*episodes, episodes[0]]


def test_a_log_cut_at_any_byte_keeps_its_whole_lines_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with EpisodeLog(path) as log:
        log.append(episode("a"))
        log.append(episode("b"))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in (*range(12), first - 1, first, first + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        kept = [e.id for e in read_episodes(path)]
        assert kept == (["a"] if cut >= first else [])
        with EpisodeLog(path) as log:
            log.append(episode("c"))
        assert [e.id for e in read_episodes(path)] == [*kept, "c"]


def test_one_run_at_a_time_writes_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first, second = EpisodeLog(path), EpisodeLog(path)
    first.append(episode("a"))
    with pytest.raises(EpisodeLogError, match=r"log\.jsonl is being written by another run"):
        second.open()
    first.close()
    second.append(episode("b"))
    second.close()
    assert [e.id for e in read_episodes(path)] == ["a", "b"]


def test_a_killed_run_holds_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    program = (
        "import sys, time, pathlib\n"
        "from replgym.agents.rollouts.episode_log import EpisodeLog\n"
        "log = EpisodeLog(pathlib.Path(sys.argv[1]))\n"
        "log.open()\nprint('locked', flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(EpisodeLogError, match="another run"):
            EpisodeLog(path).open()
        process.kill()
    with EpisodeLog(path) as log:
        log.append(episode("a"))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing beyond so many bytes of a file fails half-way, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_line_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    log = EpisodeLog(tmp_path / "log.jsonl")
    log.append(episode("a"))
    size = log.path.stat().st_size
    with files_of_at_most(size + 20), pytest.raises(EpisodeLogError, match=r"log\.jsonl: .*make room"):
        log.append(episode("b"))
    assert log.path.stat().st_size == size
    log.append(episode("c"))
    log.close()
    assert [e.id for e in read_episodes(log.path)] == ["a", "c"]


def test_a_full_device_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(EpisodeLogError, match="No space left on device") as caught:
        EpisodeLog(tmp_path / "log.jsonl").append(episode("a"))
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EpisodeLogError, match=r"file/log\.jsonl: File exists"):
        EpisodeLog(tmp_path / "file" / "log.jsonl").open()


def test_a_sync_is_due_only_after_an_append(tmp_path: Path) -> None:
    with EpisodeLog(tmp_path / "a.jsonl", sync_seconds=0) as log:
        log.open()
        assert not log.sync_is_due
        log.append(episode("a"))
        assert log.sync_is_due
        log.sync()
        assert not log.sync_is_due
    with EpisodeLog(tmp_path / "b.jsonl", sync_seconds=None) as log:
        log.append(episode("a"))
        assert not log.sync_is_due


def test_the_last_attempt_counts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert list(last_attempts(path)) == []
    attempts = [
        ("t", 0, True),
        ("u", 0, False),
        ("t", 0, False),
        ("t", 1, True),
        ("u", 1, False),
        ("u", 1, True),
    ]
    with EpisodeLog(path) as log:
        for number, (task, sample, failed) in enumerate(attempts):
            fields = {"task_id": task, "sample": sample, "failure": Failure.KERNEL if failed else None}
            log.append(episode(str(number)).model_copy(update=fields))
    assert [e.id for e in last_attempts(path)] == ["1", "2", "3", "5"]
    assert [e.id for e in last_attempts(path, scored_only=True)] == ["1", "2"]
    with path.open("a") as file:
        file.write('{"task_id": "v"}\n')
    with pytest.raises(EpisodeLogError, match=r"line 7: id"):
        list(last_attempts(path))


def test_a_foreign_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(episode("a").model_dump_json() + '\n{"id": 1}\n')
    with pytest.raises(EpisodeLogError, match=r"log\.jsonl, line 2: "):
        list(read_episodes(path))
