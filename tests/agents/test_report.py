import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.expert_policy import ExpertPolicy
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.report import write_report
from replgym.agents.report.chart import Axes, Series, line_chart, ticks
from replgym.agents.report.episode_selection import select_episodes
from replgym.agents.report.run_data import read_run
from replgym.agents.report.tables import comparison_table
from replgym.agents.rollouts.episode import Episode, Failure, StopReason, Turn
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.agents.tokens.branch import Branch
from replgym.envs.env_config import EnvConfig
from replgym.envs.task_set import TaskSet
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028'\"<!--"


class Page(HTMLParser):
    """What a browser would see: elements, and the text of the data element."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data = ""
        self.links: list[str] = []
        self.text = path.read_text(encoding="utf-8")
        self._in_data = False
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attributes)
        self.links += [str(values[key]) for key in ("src", "href") if key in values]
        self._in_data = values.get("id") == "data"

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data

    @property
    def episodes(self) -> list[dict]:
        return json.loads(self.data)["episodes"]


def episode(number: int, solved: bool = True, step: int | None = None, text: str = "b = f(0)") -> Episode:
    outcome = Outcome.PASSED if solved else Outcome.WRONG_ANSWER
    return Episode(
        id=f"e{number}",
        sample=number,
        task_id=f"blackbox/{1 + number % 3}/linear/{number % 7}{text if text != 'b = f(0)' else ''}",
        policy=text,
        step=step,
        messages=({"role": "user", "content": text},),
        turns=(Turn(action=text, observation=text, code=(text,), calls=1),),
        branches=(
            Branch(
                prompt_ids=(1, 2), response_ids=(7, 8, 9), response_mask=(1, 0, 1), logprobs=(-0.1, 0.0, -2.0)
            ),
        ),
        submission=text,
        verdict=Verdict((TestOutcome(text, outcome, text),)),
        reward=float(solved),
        reward_parts={text: float(solved)},
        stop=StopReason.SUBMITTED,
        info={"difficulty": text},
    )


def write(path: Path, episodes: list[Episode]) -> None:
    with EpisodeLog(path) as log:
        for one in episodes:
            log.append(one)


def whole_run(root: Path, text: str = "b = f(0)") -> None:
    folder = root / "episodes"
    write(folder / "before.jsonl", [episode(n, n % 5 == 0, text=text) for n in range(30)])
    write(folder / "after.jsonl", [episode(n, n % 5 != 0, text=text) for n in range(30)])
    write(folder / "after-no-interpreter.jsonl", [episode(n, False, text=text) for n in range(30)])
    for part in (1, 2):
        write(
            folder / f"train-{part}.jsonl",
            [episode(100 * part + n, n % 10 < step, step, text) for step in range(1, 11) for n in range(8)],
        )
    lines = [
        {
            "step": s,
            "data": {
                "training/rollout_probs_diff_max": 1e-8 * s,
                "actor/grad_norm": 0.5,
                "timing_s/step": 2.0,
            },
        }
        for s in range(1, 11)
    ]
    (root / "metrics.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 11, "da'
    )
    info = {
        "name": f"run {text}",
        "created": text,
        "command": ["replgym", text],
        "config": {"seed": 3, text: {"x": text}},
    }
    (root / "run.json").write_text(json.dumps(info))


def test_a_whole_run(tmp_path: Path) -> None:
    whole_run(tmp_path)
    page = Page(write_report(tmp_path))
    assert page.links == []
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
        "all 250 episodes",
    ):
        assert told in page.text, told
    assert page.tags.count("svg") >= 8
    assert {e["arm"] for e in page.episodes} == {"before", "after", "after-no-interpreter", "train"}
    branch = page.episodes[0]["branches"][0]
    assert (branch["ids"], branch["mask"], branch["logprobs"]) == ([7, 8, 9], [1, 0, 1], [-0.1, 0.0, -2.0])
    assert (branch["prompt"], branch["cut"], branch["exact"]) == (2, 0, True)


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    clean, hostile = tmp_path / "clean", tmp_path / "hostile"
    whole_run(clean)
    whole_run(hostile, EVIL)
    pages = [Page(write_report(folder, decode=lambda ids: EVIL)) for folder in (clean, hostile)]
    assert pages[1].tags.count("script") == pages[0].tags.count("script") == 2
    assert "img" not in pages[1].tags
    shown = pages[1].episodes[0]
    assert shown["turns"][0]["observation"] == shown["submission"] == EVIL
    assert json.loads(pages[1].data)["words"]["7"] == EVIL
    assert "innerHTML" not in pages[1].text


def test_the_reader_builds_the_page_from_text_nodes_only() -> None:
    source = (Path(__file__).parents[2] / "agents" / "report" / "reader.js").read_text()
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert unsafe not in source


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
    chosen = select_episodes(read_run(tmp_path), cap=40)
    arms = [arm for arm, _ in chosen]
    assert {arms.count(arm) for arm in set(arms)} == {10}
    assert len({e.step for arm, e in chosen if arm == "train"}) == 10
    assert "carries 40 of 250 episodes" in write_report(tmp_path, cap=40).read_text()


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
    first = next(e for e in page.episodes if e["arm"] == "before")["turns"][0]
    assert (first["protocol"], first["repaired"], first["invented"]) == ("fenced", "", True)
    solved = next(e for e in page.episodes if e["solved"])
    assert solved["turns"][0]["code"]
    assert all(outcome == "passed" for _, outcome, _, _ in solved["tests"])
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
