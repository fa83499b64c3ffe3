"""The training samples of a conversation, id for id what a rollout of it would have been.

A `Transcript` grows as it does when the model acts, so that context, observations and masks agree with
rollouts to the last token: the end-of-turn token is learnt, what the template writes after it is not. Where a
template drops earlier reasoning, the conversation becomes several samples, as an episode does.
"""

from __future__ import annotations

from itertools import groupby

from ...envs.task_sources.conversation import Conversation
from ..tokens.branch import Branch
from ..tokens.branch_builder import BranchBuilder
from ..tokens.chat_template import ChatTemplate
from ..tokens.transcript import Transcript

_THOUGHT = "<think>"


def samples_of(conversation: Conversation, template: ChatTemplate) -> tuple[Branch, ...]:
    """Tokenises a conversation.

    Args:
        conversation: What is to be learnt; each message of the assistant is.
        template: Of the model that learns.

    Returns:
        Samples; each message of the assistant, with its end-of-turn token, has mask 1 in exactly one of them.

    Raises:
        ChatTemplateError: If the template cannot show it.
    """
    transcript: Transcript | None = None
    branches = BranchBuilder()
    for is_model, group in groupby(conversation.messages, key=lambda message: message.role == "assistant"):
        messages = [message.model_dump() for message in group]
        if transcript is None:
            transcript = Transcript(template, template.told(messages), conversation.tool_schemas)
        elif is_model:
            text = _after_opening(messages[0]["content"], template)
            ids = (*template.encode(text), template.end_of_turn)
            branches.sampled(transcript.context_ids, ids, exact=False)
            transcript.sampled(ids, text)
        else:
            told = template.told(messages)
            transcript.go_on(told, transcript.answered(told))
    return branches.branches


def _after_opening(text: str, template: ChatTemplate) -> str:
    """Without the beginning of a thought that the generation prompt holds already."""
    if template.opens_thought and text.lstrip().startswith(_THOUGHT):
        return text.lstrip().removeprefix(_THOUGHT).removeprefix("\n")
    return text
