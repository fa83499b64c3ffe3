"""The program in a model's answer, found by a named policy."""

from .answer import answer_of
from .blocks import CodeBlock, blocks_of
from .cell_program import program_of_cells
from .policies import CODE_EXTRACTIONS, CodeExtraction, UnknownCodeExtractionError, extract_code

__all__ = [
    "CODE_EXTRACTIONS",
    "CodeBlock",
    "CodeExtraction",
    "UnknownCodeExtractionError",
    "answer_of",
    "blocks_of",
    "extract_code",
    "program_of_cells",
]
