"""The program in a model's answer, found by a named policy."""

from .answer import answer_of
from .blocks import CodeBlock, blocks_of
from .policies import CODE_EXTRACTIONS, CodeExtraction, UnknownCodeExtractionError, extract_code

__all__ = [
    "CODE_EXTRACTIONS",
    "CodeBlock",
    "CodeExtraction",
    "UnknownCodeExtractionError",
    "answer_of",
    "blocks_of",
    "extract_code",
]
