"""An episode as a conversation to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.conversation import Conversation
from ...tools.formats.action_formats import make_parser
from ...tools.formats.call_syntax import MalformedCallError
from ...tools.formats.hermes_syntax import render_hermes_call
from ...tools.formats.json_call import read_arguments
from ...tools.formats.native_calls import split_calls
from ...tools.tool_call import ToolCall
from ..rollouts.episode import Episode
from .episode_choice import Choice


def conversations_of(choice: Choice, action_format: str | None = None) -> Iterator[Conversation | BadRow]:
    """The chosen episodes as conversations, and those that cannot be learnt, with the reason.

    Args:
        choice: What was chosen of logs.
        action_format: Of episodes that do not say theirs.
    """
    for episode in choice.episodes():
        form = episode.action_format or action_format or ""
        if not form:
            told = "the log does not say its action format; give --action-format"
            yield BadRow(episode.id, 0, "action_format", told)
            continue
        try:
            yield conversation_of(episode.model_copy(update={"action_format": form}))
        except ValidationError as error:
            yield BadRow(episode.id, 0, "messages", error.errors()[0]["msg"])
        except MalformedCallError as error:
            yield BadRow(episode.id, 0, "turns", str(error))


def conversation_of(episode: Episode, *, source: str = "episodes") -> Conversation:
    """What was said in an episode, up to its last message of the policy.

    Calls that an endpoint gave apart from its text stand in it as a model behind its own chat template would
    write them, so that another model can learn them.

    Args:
        episode: One with at least one turn, and with the action format that it was played in.
        source: Set as the conversation's source.
    """
    tags = (episode.policy, episode.action_format, "solved" if episode.solved else "unsolved")
    return Conversation.model_validate(
        {
            "id": f"{episode.task_id}/{episode.id}",
            "source": source,
            "messages": [*episode.messages, *_said(episode)],
            "tool_schemas": episode.tool_schemas,
            "tags": tags,
        }
    )


def _said(episode: Episode) -> Iterator[Mapping[str, str]]:
    parser = make_parser(episode.action_format)
    for place, turn in enumerate(episode.turns, start=1):
        yield {"role": "assistant", "content": _learnable(turn.action)}
        if place < len(episode.turns):
            yield from parser.observations(turn.answers or (turn.observation,), turn.protocol)


def _learnable(action: str) -> str:
    """The message with its calls in tags, if it has calls of the API."""
    said, calls = split_calls(action)
    made = [render_hermes_call(ToolCall(call.name, read_arguments(call.arguments))) for call in calls]
    return "\n".join(filter(None, [said, *made])) if calls else action
