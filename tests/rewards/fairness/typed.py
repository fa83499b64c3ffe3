"""Is annotated with all of typing.

kinds: function, beside, stdio
"""

from collections.abc import Iterable, Sequence
from typing import *

T = TypeVar("T", bound="Number")

class Number(Protocol):
    def __xor__(self, other: int) -> int: ...

def digest(values: Optional[List[int]]) -> Union[int, None]:
    return cast(int, sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
