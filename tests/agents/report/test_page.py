import re
from pathlib import Path

import pytest
from rich.console import Console

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.expert_policy import ExpertPolicy
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.records.run_data import read_run
from replgym.agents.report import assets
from replgym.agents.report.charts.histogram_chart import HistogramRow, histogram_chart
from replgym.agents.report.charts.line_chart import Axes, Series, line_chart, ticks
from replgym.agents.report.page import write_report
from replgym.agents.report.tables import comparison_table
from replgym.agents.rollouts.episode import Failure, StopReason
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.cli import main
from replgym.envs.env_config import EnvConfig
from replgym.envs.task_set import TaskSet

from .run_files import EVIL, Page, episode, whole_run, write


def test_a_whole_run(tmp_path: Path) -> None:
    whole_run(tmp_path)
    page = Page(write_report(tmp_path))
    assert page.links == ["data:,", "#episodes"]
    assert not re.search(r"https?://(?!www\.w3\.org)", page.text)
    for told in (
        "After 10 training steps the model solves 80 % of 21 held-out tasks (30 episodes)",
        "against 20 % before",
        "after, no interpreter",
        "95 % interval",
        "n = 160 episodes",
        "Seed: 3.",
        "training/rollout_probs_diff_max",
        "largest 10⁻⁷",
        "level 1 · linear",
        "carries all 250 episodes",
    ):
        assert told in page.text, told
    assert page.tags.count("svg") >= 8
    assert set(page.column("arm")) == {"before", "after", "after, no interpreter", "train"}
    assert len(page.episodes) == len(page.column("id")) == 250
    assert [episode["id"] for episode in page.episodes] == page.column("id")
    branch = page.episodes[0]["branches"][0]
    assert (branch["ids"], branch["mask"], branch["logprobs"]) == ([7, 8, 9], [1, 0, 1], [-0.1, 0.0, -2.0])
    assert (branch["prompt"], branch["cut"], branch["exact"]) == (2, 0, True)


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    clean, hostile = tmp_path / "clean", tmp_path / "hostile"
    whole_run(clean)
    whole_run(hostile, EVIL)
    pages = [Page(write_report(folder, decode=lambda ids: EVIL)) for folder in (clean, hostile)]
    assert pages[1].tags.count("script") == pages[0].tags.count("script") == len(pages[1].packed) + 1
    assert "img" not in pages[1].tags
    shown = pages[1].episodes[0]
    assert shown["turns"][0]["observation"] == shown["submission"] == EVIL
    assert pages[1].unpacked("words-0")["7"] == EVIL


def test_the_reader_builds_the_page_from_text_nodes_only() -> None:
    sources = [file.read_text() for file in Path(assets.__path__[0]).glob("*.js")]
    assert len(sources) == 6
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert not any(unsafe in source for source in sources)


@pytest.mark.parametrize(
    "parts", [["run.json"], ["metrics.jsonl"], ["episodes/before.jsonl"], ["episodes/train-1.jsonl"]]
)
def test_missing_pieces_are_said_to_be_missing(tmp_path: Path, parts: list[str]) -> None:
    whole, going = tmp_path / "whole", tmp_path / "going"
    whole_run(whole)
    for part in parts:
        (going / part).parent.mkdir(parents=True, exist_ok=True)
        (going / part).write_bytes((whole / part).read_bytes())
    page = Page(write_report(going))
    assert "Missing so far:" in page.text
    assert "episodes/after.jsonl" in page.text
    table = comparison_table(going)
    assert table.row_count == 2


def test_a_run_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        write_report(tmp_path / "no")
    with pytest.raises(FileNotFoundError, match=r"holds no run\.json"):
        write_report(tmp_path)


def test_failures_count_in_no_rate(tmp_path: Path) -> None:
    failed = episode(99, solved=False).model_copy(
        update={"failure": Failure.JUDGE, "reward": None, "verdict": None, "stop": StopReason.FAILURE}
    )
    write(tmp_path / "episodes" / "before.jsonl", [episode(0), episode(1), failed])
    page = Page(write_report(tmp_path))
    assert "1 judge" in page.text
    assert "Before training the model solves 100 %" in page.text


def test_an_episode_that_was_played_again_counts_once(tmp_path: Path) -> None:
    failed = episode(0).model_copy(update={"failure": Failure.KERNEL, "reward": None, "verdict": None})
    write(tmp_path / "episodes" / "after.jsonl", [failed, episode(1), episode(0)])
    (arm,) = read_run(tmp_path).arms.values()
    assert [(e.sample, e.failure) for e in arm] == [(0, None), (1, None)]


def test_the_choice_of_episodes_is_balanced(tmp_path: Path) -> None:
    whole_run(tmp_path)
    page = Page(write_report(tmp_path, cap=40))
    arms = page.column("arm")
    assert {arms.count(arm) for arm in set(arms)} == {10}
    assert len(set(page.column("step"))) == 10 + 1
    assert "carries 40 of 250 episodes" in page.text


async def test_the_page_of_real_episodes(tmp_path: Path) -> None:
    tasks = TaskSet.load("blackbox", split="heldout", levels=(1, 2, 3), size=6)
    env = EnvConfig(action_format="fenced")
    wrong = ScriptedPolicy(
        [
            "```python\nprint(f(0))\n```\n```output\n7\n```",
            "```python\nsubmit('def solution(x): return None')\n```",
        ]
    )
    for arm, policy in (("before", wrong), ("after", ExpertPolicy())):
        with EpisodeLog(tmp_path / "episodes" / f"{arm}.jsonl") as log:
            await evaluate(tasks, policy, env_config=env, log=log)
    page = Page(write_report(tmp_path))
    assert "The model solves 100 % of 6 held-out tasks, against 0 % before: +100 points" in page.text
    assert "before: protocols: fenced 12; 6 with invented output" in page.text
    first = page.episodes[page.column("arm").index("before")]["turns"][0]
    assert (first["protocol"], first.get("repaired"), first["invented"]) == ("fenced", None, True)
    solved = page.episodes[page.column("outcome").index("solved")]
    cells = [cell for e in page.episodes for t in e["turns"] for cell in t["cells"]]
    kinds = {kind for cell in cells for kind, *_ in cell.get("outputs", [])}
    assert kinds == {"stdout"}
    assert all(outcome == "passed" for _, outcome, *_ in solved["tests"])
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(comparison_table(tmp_path))
    assert "6/6" in console.export_text()


def test_charts_take_single_points_and_constant_lines() -> None:
    axes = Axes("step", "value", str)
    for line in ([(1.0, 0.0)], [(1.0, 2.0), (2.0, 2.0)], [(0.0, -1.0), (3.0, 5.0)]):
        assert "nan" not in line_chart([Series("s", "after", line)], axes, label="<x>")
    log = Axes("step", "value", str, log=True)
    assert "<polyline" in line_chart([Series("s", "after", [(1.0, 0.0), (2.0, 1e-8)])], log, label="x")
    assert ticks(0, 1, 4) == [0, 0.25, 0.5, 0.75, 1]
    assert ticks(1, 3, 4, whole=True) == [1, 2, 3]


def test_the_quality_of_submissions_is_shown_by_arm_and_level(tmp_path: Path) -> None:
    with EpisodeLog(tmp_path / "episodes" / "after.jsonl") as log:
        for number, level in enumerate(("hard", "easy", "easy", EVIL)):
            log.append(
                episode(number, solved=number != 1).model_copy(
                    update={"task_id": f"apps/{number}", "info": {"difficulty": level}}
                )
            )
    text = write_report(tmp_path).read_text(encoding="utf-8")
    table = text.partition("Quality by level")[2].partition("</table>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tr>")[2:]]
    assert rows[0] == ["after", "easy", "2", "1", "50", "%", "1", "0", "0", "0", "1"]
    assert rows[1] == ["after", "hard", "1", "1", "100", "%", "0", "0", "0", "0", "1"]
    assert len(rows) == 3
    assert EVIL not in text


def test_several_runs_stand_side_by_side(tmp_path: Path) -> None:
    for name, share in (("one", 2), ("two", 5)):
        whole_run(tmp_path / "seeds" / name)
        write(tmp_path / name / "episodes.jsonl", [episode(n, n % share == 0) for n in range(20)])
    page = Page(write_report(tmp_path / "one", tmp_path / "two", output=tmp_path / "both.html"))
    assert "two solves 20 % of 20 tasks, one 50 %: −30 points" in page.text.replace("7 tasks", "20 tasks")
    assert set(page.column("run")) == {"one", "two"}
    assert len(page.episodes) == 40
    seeds = Page(
        write_report(tmp_path / "seeds" / "one", tmp_path / "seeds" / "two", output=tmp_path / "seeds.html")
    )
    assert "mean of 2 runs" in seeds.text
    assert len(seeds.episodes) == 500
    names = set(seeds.column("run"))
    assert len(names) == 2, "runs of one name are told apart"


def test_a_training_shows_each_level(tmp_path: Path) -> None:
    played = [episode(n, n % 3 > 0, step) for step in (1, 2, 3) for n in range(9)]
    write(tmp_path / "all" / "episodes" / "train-1.jsonl", played)
    shown = Page(write_report(tmp_path / "all")).text
    assert "Training episodes solved, by level" in shown
    assert all(f"{level} · linear</" in shown for level in (1, 2, 3))
    first = [one for one in played if one.task_id.startswith("blackbox/1/")]
    write(tmp_path / "first" / "episodes" / "train-1.jsonl", first)
    assert "solved, by level" not in Page(write_report(tmp_path / "first")).text


def test_hostile_levels_stay_text(tmp_path: Path) -> None:
    played = [
        episode(n, step=1).model_copy(update={"task_id": f"set/{n}", "info": {"difficulty": level}})
        for n, level in enumerate(("easy", EVIL))
    ]
    write(tmp_path / "episodes" / "train-1.jsonl", played)
    page = Page(write_report(tmp_path))
    assert "Training episodes solved, by level" in page.text
    assert "img" not in page.tags


def test_a_file_of_episodes_is_a_run(tmp_path: Path) -> None:
    write(tmp_path / "some.jsonl", [episode(n) for n in range(3)])
    (tmp_path / "some.jsonl").open("a").write("{}\n[]\nnot even json\n")
    path = write_report(tmp_path / "some.jsonl")
    assert path == tmp_path / "some.html"
    page = Page(path)
    assert len(page.episodes) == 3
    assert "line 4 and 2 more of some.jsonl, no episode" in page.text


def test_histograms_take_constant_rare_and_spread_values() -> None:
    for values, whole in (
        ([2.0], True),
        ([0.0, 0.0], False),
        ([0.001, 5.0, 900.0], False),
        (range(90), True),
    ):
        rows = [HistogramRow("<a>", "arm-0", list(map(float, values))), HistogramRow("none", "arm-1", [])]
        drawn = histogram_chart(rows, label="x", x_label="y", shown=str, whole=whole)
        assert "nan" not in drawn
        assert "<a>" not in drawn
        assert drawn.count('class="value"') == 1


def test_episodes_of_other_settings_are_not_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", "blackbox", "--policy", "expert", "-n", "2", "--output", str(tmp_path / "run")]
    assert main(command) == 0
    assert main([*command, "--max-turns", "7", "--resume"]) == 0
    assert (tmp_path / "run" / "episodes.jsonl").read_bytes().count(b"\n") == 4
    assert main(["report", str(tmp_path / "run")]) == 0
    assert "2/2" in capsys.readouterr().out
    page = Page(tmp_path / "run" / "report.html")
    assert len(page.episodes) == 2
    assert "100 % of 2 tasks solved by expert" in page.text
    assert "Missing so far" not in page.text
