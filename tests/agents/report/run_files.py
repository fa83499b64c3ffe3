"""Runs as they lie on disk, and the page as a browser would take it apart."""

import base64
import gzip
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from replgym.agents.rollouts.episode import Episode, StopReason, Turn
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.agents.tokens.branch import Branch
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028'\"<!--"


class Page(HTMLParser):
    """What a browser would see: elements, and what is packed in them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.packed: dict[str, str] = {}
        self.links: list[str] = []
        self.text = path.read_text(encoding="utf-8")
        self._in = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attributes)
        self.links += [str(values[key]) for key in ("src", "href") if key in values]
        self._in = str(values.get("id")) if values.get("type") == "application/gzip" else ""

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self.packed[self._in] = self.packed.get(self._in, "") + data

    def unpacked(self, name: str) -> Any:
        return json.loads(gzip.decompress(base64.b64decode(self.packed[name])))

    def column(self, name: str) -> list[Any]:
        column = self.unpacked("index")["columns"][name]
        return [column["values"][code] for code in column["codes"]] if isinstance(column, dict) else column

    @property
    def episodes(self) -> list[dict[str, Any]]:
        blocks = (name for name in self.packed if name.startswith("block-"))
        return [episode for block in blocks for episode in self.unpacked(block)]


def episode(number: int, solved: bool = True, step: int | None = None, text: str = "b = f(0)") -> Episode:
    outcome = Outcome.PASSED if solved else Outcome.WRONG_ANSWER
    return Episode(
        id=f"e{number}s{step or 0}",
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
        "config": {"seed": 3, "interpreter": {"seed": None}, text: {"x": text}},
    }
    (root / "run.json").write_text(json.dumps(info))
