"""Episodes as the agent loop logs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from replgym.agents.rollouts.episode import Episode, Failure, StopReason, Turn
from replgym.agents.tokens.branch import Branch
from replgym.kernels.cell_result import CellResult, CellStatus
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

OK, RAISED = CellStatus.OK, CellStatus.ERROR


def turn(
    *cells: tuple[CellStatus, float], calls: int | None = None, wait: float = 0.0, **fields: object
) -> Turn:
    """A message of 10 tokens whose cells ended so, after so many seconds."""
    values = {
        "action": "",
        "observation": "",
        "code": tuple("x" for _ in cells),
        "results": tuple(CellResult(status, duration=seconds) for status, seconds in cells),
        "calls": len(cells) if calls is None else calls,
        "completion_tokens": 10,
        "policy_seconds": 3.0,
        "environment_seconds": 1.0,
        "wait_seconds": wait,
    }
    return Turn.model_validate(values | fields)


def episode(
    name: str,
    *,
    step: int = 1,
    group: str = "",
    passed: Sequence[bool] = (True,),
    turns: Sequence[Turn] = (),
    stop: StopReason = StopReason.SUBMITTED,
    tokens: int = 0,
    failure: Failure | None = None,
    task: str = "task",
) -> Episode:
    """An episode whose tests ended so; its reward is 1 when all passed."""
    outcomes = tuple(
        TestOutcome(str(number), Outcome.PASSED if good else Outcome.WRONG_ANSWER)
        for number, good in enumerate(passed)
    )
    branch = Branch(
        prompt_ids=(1,), response_ids=(2,) * tokens, response_mask=(1,) * tokens, logprobs=(0.0,) * tokens
    )
    return Episode(
        id=name,
        task_id=task,
        policy="p",
        group=group,
        step=step,
        messages=({"role": "user", "content": "Solve it."},),
        turns=tuple(turns),
        branches=(branch,) if tokens else (),
        verdict=None if failure or not outcomes else Verdict(outcomes),
        reward=None if failure else float(bool(outcomes) and all(passed)),
        stop=StopReason.FAILURE if failure else stop,
        failure=failure,
        failure_message="no memory" if failure else "",
    )


def line(one: Episode) -> bytes:
    return one.model_dump_json().encode() + b"\n"


def log(folder: Path, *episodes: Episode, name: str = "train-a-1") -> None:
    """Appends, as another process would."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("ab") as file:
        file.writelines(map(line, episodes))
