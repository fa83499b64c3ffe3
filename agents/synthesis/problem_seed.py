"""What a problem is to be made of: features that were drawn, and the style that it is to have."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .content_key import content_key
from .style import Style


class ProblemSeed(BaseModel):
    """One combination of features."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...] = Field(min_length=1)
    """Paths in the tree, such as `graphs / shortest paths`."""
    mandatory: tuple[str, ...] = ()
    """Those of them that the problem cannot do without."""
    style: Style

    @property
    def key(self) -> str:
        """Its identity."""
        return content_key("seed", self.features, self.mandatory, self.style.value)
