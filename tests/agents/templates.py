"""Chat templates of several families, spelled with the special tokens that every test tokenizer has."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from replgym.agents.tokens.chat_template import ChatTemplate


@dataclass(frozen=True)
class Family:
    """One way to write a conversation down."""

    jinja: str | None
    """None for the tokenizer's own."""
    lead: str = ""
    """What the template writes before a model's message, so that the model must sample it."""

    def of(self, tokenizer: Any) -> ChatTemplate:
        """The template bound to a copy of a tokenizer."""
        bound = copy.copy(tokenizer)
        if self.jinja is not None:
            bound.chat_template = self.jinja
        return ChatTemplate(bound)


FAMILIES = {
    "own": Family(None),
    "chatml without newline": Family(
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "headers, trimmed": Family(
        "{{ '<|endoftext|>' }}{% for m in messages %}{{ '<|im_start|>' + m['role'] + '<|endoftext|>\n\n' }}"
        "{{ m['content'] | trim }}<|im_end|>{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant<|endoftext|>\n\n' }}{% endif %}"
    ),
    "instruction brackets": Family(
        "{{ '<|endoftext|>' }}{% for m in messages %}{% if m['role'] == 'assistant' %}"
        "{{ ' ' + m['content'] + '<|im_end|>' }}{% else %}{{ '[INST] ' + m['content'] + '[/INST]' }}"
        "{% endif %}{% endfor %}",
        lead=" ",
    ),
}
FORGETFUL = Family(
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['role'] == 'assistant' %}"
    "{{ m['content'].split('</think>')[-1] | trim }}{% else %}{{ m['content'] }}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Drops the reasoning of earlier messages, as templates of reasoning models do."""
