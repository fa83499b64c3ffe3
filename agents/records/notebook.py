"""An episode as a Jupyter notebook that runs: what the model said as Markdown, its cells with their outputs.

A cell that killed its interpreter is shown and not run, and the one after it begins with nothing, as it
did in the episode. Cells that raised, or were interrupted, may do so again without stopping the notebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...envs.hidden_world import HiddenWorld
from ...envs.missing_extra_error import MissingExtraError
from ...kernels.cell_result import CellOutput, CellResult, CellStatus, OutputKind
from ...rewards.verdict import Outcome
from ..rollouts.episode import Episode, Turn
from .spoken_text import spoken_text
from .world_stubs import world_stubs

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ENDS_QUIETLY = "submit"


def write_notebook(
    episode: Episode, path: Path, *, world: HiddenWorld | None = None, cell_timeout: float = 10.0
) -> Path:
    """Writes the notebook of an episode.

    Args:
        episode: The episode.
        path: The file.
        world: The hidden side of its task, where it is known.
        cell_timeout: How long its cells could run.

    Raises:
        MissingExtraError: If nbformat is not installed.
    """
    notebook = notebook_of(episode, world=world, cell_timeout=cell_timeout)
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


def notebook_of(
    episode: Episode, *, world: HiddenWorld | None = None, cell_timeout: float = 10.0
) -> NotebookNode:
    """The notebook of an episode; see `write_notebook`."""
    try:
        from nbformat import v4, validate
    except ImportError as error:
        raise MissingExtraError("notebook", "nbformat", "records") from error
    cells = list(_Cells(episode, world, cell_timeout).all())
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "replgym": {"episode": episode.id}}
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    validate(notebook)
    return notebook


class _Cells:
    """Makes the cells one after the other, and counts those that run."""

    def __init__(self, episode: Episode, world: HiddenWorld | None, cell_timeout: float) -> None:
        self._episode = episode
        results = [result for turn in episode.turns for result in turn.results]
        clock = cell_timeout if any(r.status is CellStatus.TIMEOUT for r in results) else None
        asks = any(turn.host_calls > ("submit(" in "".join(turn.code)) for turn in episode.turns)
        self._stubs = world_stubs(world, asks=asks, seconds=clock)
        self._ran = 0
        self._made = 0

    def all(self) -> Iterator[NotebookNode]:
        yield self._markdown(_head(self._episode))
        yield self._code(self._stubs, [], tags=["replgym-host"])
        for number, turn in enumerate(self._episode.turns, start=1):
            yield from self._turn(number, turn)
        yield self._markdown(_end(self._episode))

    def _turn(self, number: int, turn: Turn) -> Iterator[NotebookNode]:
        told = "" if turn.code or not turn.observation else f"\n\n{_fenced(turn.observation, 'text')}"
        yield self._markdown(f"### Turn {number}\n\n{spoken_text(turn)}{told}".rstrip())
        recorded = len(turn.results) == len(turn.code)
        for place, source in enumerate(turn.code):
            if recorded:
                yield from self._cell(source, turn.results[place])
            else:
                last = place == len(turn.code) - 1
                shown = CellOutput(OutputKind.STDOUT, {"text/plain": turn.observation})
                yield from self._cell(source, CellResult(CellStatus.ERROR, (shown,) if last else ()))

    def _cell(self, source: str, result: CellResult) -> Iterator[NotebookNode]:
        if result.state_lost or result.status is CellStatus.DIED:
            why = result.cause or "it did not stop"
            yield self._markdown(
                f"This cell cost the interpreter ({why}), so it is not run here:\n\n"
                f"{_fenced(source, 'python')}"
            )
            yield self._code("%reset -f", [])
            yield self._code(self._stubs, [], tags=["replgym-host"])
            return
        may_raise = result.status is not CellStatus.OK or _ENDS_QUIETLY in source
        yield self._code(source, _outputs(result), tags=["raises-exception"] if may_raise else [])

    def _code(
        self, source: str, outputs: list[dict[str, Any]], tags: list[str] | None = None
    ) -> NotebookNode:
        from nbformat import v4

        self._ran += 1
        made = []
        for output in outputs:
            counted = {"execution_count": self._ran} if output["output_type"] == "execute_result" else {}
            made.append(v4.new_output(**output, **counted))
        metadata = {"tags": tags} if tags else {}
        cell: NotebookNode = v4.new_code_cell(
            source, id=self._next_id(), outputs=made, execution_count=self._ran, metadata=metadata
        )
        return cell

    def _markdown(self, source: str) -> NotebookNode:
        from nbformat import v4

        cell: NotebookNode = v4.new_markdown_cell(source, id=self._next_id())
        return cell

    def _next_id(self) -> str:
        self._made += 1
        return f"cell-{self._made}"


def _outputs(result: CellResult) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    for output in result.outputs:
        if output.kind in (OutputKind.STDOUT, OutputKind.STDERR):
            outputs.append({"output_type": "stream", "name": str(output.kind), "text": output.text})
        else:
            kind = "execute_result" if output.kind is OutputKind.RESULT else "display_data"
            outputs.append({"output_type": kind, "data": dict(output.data)})
    if result.error is not None:
        error = result.error
        traceback = error.traceback.splitlines()
        outputs.append(
            {"output_type": "error", "ename": error.name, "evalue": error.value, "traceback": traceback}
        )
    return outputs


def _head(episode: Episode) -> str:
    outcome = "failed" if episode.failure else "solved" if episode.solved else "not solved"
    reward = "none" if episode.reward is None else f"{episode.reward:g}"
    told = "\n\n".join(
        f"**{message.get('role', '')}**\n\n{_fenced(message.get('content', ''), 'text')}"
        for message in episode.messages
    )
    facts = f"{outcome}, reward {reward}, stop: {str(episode.stop).replace('_', ' ')}"
    return f"# {episode.task_id}\n\nBy {episode.policy}, sample {episode.sample}: {facts}.\n\n{told}"


def _end(episode: Episode) -> str:
    parts = ["### Verdict"]
    if episode.submission is not None:
        parts.append(_fenced(episode.submission, "python"))
    tests = episode.verdict.tests if episode.verdict is not None else ()
    if tests:
        rows = [
            f"| {_cell_text(t.name)} | {t.outcome} | {_cell_text(t.message)} | {t.seconds:.3f} s |"
            for t in tests
        ]
        passed = sum(test.outcome is Outcome.PASSED for test in tests)
        parts.append(f"{passed} of {len(tests)} tests passed.")
        parts.append("\n".join(["| test | outcome | message | time |", "|---|---|---|---|", *rows]))
    else:
        parts.append(episode.failure_message or "Nothing was judged.")
    return "\n\n".join(parts)


def _fenced(text: str, language: str) -> str:
    """A block of code, whatever fences the text has itself."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _cell_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.split())
