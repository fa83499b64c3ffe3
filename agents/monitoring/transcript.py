"""An episode as text that a person reads."""

from __future__ import annotations

from ..rollouts.episode import Episode


def transcript(episode: Episode) -> str:
    """The episode in Markdown: what was asked, said and printed, and what came of it."""
    reward = "failed" if episode.reward is None else f"reward {episode.reward:g}"
    parts = [
        f"**{episode.task_id}**: {reward}, {'solved' if episode.solved else 'not solved'}, {episode.stop}"
    ]
    parts += [f"{message['role']}:\n{_block(message['content'])}" for message in episode.messages]
    for number, turn in enumerate(episode.turns, start=1):
        parts.append(f"message {number}:\n{_block(turn.action)}")
        if turn.observation:
            parts.append(f"observation:\n{_block(turn.observation)}")
    return "\n\n".join(parts)


def _block(text: str) -> str:
    """Indented, so that no fence in it can end it."""
    return "\n" + "\n".join(f"    {line}" for line in text.splitlines())
