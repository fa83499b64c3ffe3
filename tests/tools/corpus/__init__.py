"""Messages as models write them, each with what it asks for."""

from .case import Case
from .fenced_cases import FENCED
from .json_cases import JSON
from .tag_cases import TAGS
from .thought_cases import THOUGHTS
from .xml_cases import XML

CASES: tuple[Case, ...] = (*FENCED, *TAGS, *JSON, *XML, *THOUGHTS)

__all__ = ["CASES", "Case"]
