"""What in a message is neither call nor speech: thoughts, turns of others, and invented outputs.

Regular expressions for use with flag MULTILINE; the names of their groups say what was found.
"""

from __future__ import annotations

THOUGHT = r"(?P<thought><think>)|(?P<thought_end></think>)"
_ROLE = r"(?:system|user|assistant|tool)\b"
OTHER_TURN = (
    rf"(?P<other_turn>^[ \t]*+<tool_response>|<\|im_start\|>\s*+{_ROLE}|<\|start_header_id\|>\s*+{_ROLE})"
)
"""Somebody else speaks: the rest of the message is invented, wherever it stands."""
TURN_END = r"(?P<turn_end><\|(?:im_end|endoftext|eot_id|eom_id|end_of_text)\|>(?=[ \t]*+(?:\r?$|<\|)))"
"""The model's turn ends: what follows, if anything does, is invented."""
_FENCE = r"^[ \t]*+(?:`{3,}+|~{3,}+)[ \t]*+(?i:output|stdout|console|results?|(?:plain)?text|out)\b"
_HEAD = r"^[*_# \t]{0,8}(?i:output|result)s?[:*_ \t]{0,8}\r?\n\s*+(?:`{3}|~{3})"
OUTPUT = rf"(?P<output><tool_response>|{_FENCE}|^Out\[\d{{0,6}}\]:|{_HEAD})"
"""An output, if it follows a call of the same message; before one it may be a quotation."""

FIRST = r"(?:(?=[<`~{\[\\])|^(?=[ \t*_#OoRr]))"
"""What every mark and every call begins with, which makes the search quick."""
