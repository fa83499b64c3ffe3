"""What one interpreter may use of the machine."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ResourceLimits(BaseModel):
    """Caps on one interpreter with all processes that it starts, unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory: int = Field(default=2 << 30, ge=64 << 20)
    """Bytes of memory; for each process alone where no control group can be made."""
    processes: int = Field(default=64, ge=8)
    """Processes and threads."""
    file_size: int = Field(default=64 << 20, ge=1 << 16)
    """Bytes of one file."""
    open_files: int = Field(default=256, ge=64)
    """Open descriptors of one process."""
    workspace: int = Field(default=256 << 20, ge=1 << 20)
    """Bytes of the workspace and of temporary files, where they lie in memory of their own."""
