"""Logs for inspect_ai, read and written again by the real package."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from replgym.cli import main

from ..adapters.adapter_environment import adapter_environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("inspect")]
PROGRAM = """
import json, sys
from inspect_ai.analysis import samples_df
from inspect_ai.log import read_eval_log, read_eval_log_sample, write_eval_log

for path in sys.argv[1:]:
    log = read_eval_log(path)
    write_eval_log(log, path.replace(".json", ".eval"))
    again = read_eval_log(path.replace(".json", ".eval"))
    scores = [{(s.id, s.epoch): s.scores for s in each.samples} for each in (log, again)]
    assert scores[0] == scores[1]
    assert again.results == log.results
    print(json.dumps({
        "task": log.eval.task,
        "status": log.status,
        "model": log.eval.model,
        "metrics": {name: each.value for name, each in log.results.scores[0].metrics.items()},
        "samples": [[s.id, s.epoch, s.scores["hidden_tests"].value if s.scores else None,
                     s.error.message if s.error else None] for s in log.samples],
        "roles": [message.role for message in log.samples[0].messages],
        "rows": len(samples_df(path)),
    }))
"""


def test_every_episode_is_a_sample(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["```python\n1 + 1\n```", "```python\nsubmit('pass')\n```"]))
    options = ["-n", "2", "-k", "2", "--output", str(tmp_path / "run"), "--inspect"]
    assert main(["eval", "humaneval", "blackbox,levels=1", "--policy", f"scripted:{script}", *options]) == 0
    logs = sorted((tmp_path / "run" / "inspect").glob("*.json"))
    assert [log.name.split("_")[1] for log in logs] == ["blackbox-levels-1", "humaneval"]
    python = adapter_environment("inspect") / "bin" / "python"
    done = subprocess.run([python, "-c", PROGRAM, *logs], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["task"], found["status"], found["model"]) == ("replgym/humaneval", "success", "script.json")
    assert found["metrics"] == {"accuracy": 0.0, "stderr": 0.0}
    keys = [(name, epoch) for name, epoch, _, _ in found["samples"]]
    assert sorted(keys) == [(f"HumanEval/{n}", k) for n in (0, 1) for k in (1, 2)]
    assert {value for _, _, value, _ in found["samples"]} == {"I"}
    assert found["roles"] == ["system", "user", "assistant", "user", "assistant"]
    assert found["rows"] == 4
