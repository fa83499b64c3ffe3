from pathlib import Path

import pytest

from replgym.agents.episode import Episode, StopReason
from replgym.agents.episode_log import EpisodeLog, EpisodeLogError, read_episodes


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


def test_rewriting_replaces_everything(tmp_path: Path) -> None:
    log = EpisodeLog(tmp_path / "log.jsonl")
    log.append(episode("a"))
    log.rewrite([episode("b")])
    log.append(episode("c"))
    log.close()
    assert [e.id for e in read_episodes(log.path)] == ["b", "c"]


def test_a_foreign_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(episode("a").model_dump_json() + '\n{"id": 1}\n')
    with pytest.raises(EpisodeLogError, match=r"log\.jsonl, line 2: "):
        list(read_episodes(path))
