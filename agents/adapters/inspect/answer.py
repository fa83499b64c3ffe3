"""What came of a request, as its interpreter wrote it: code of the model may have written it too."""

from __future__ import annotations

from inspect_ai.util import SandboxUnavailableError
from pydantic import BaseModel, ConfigDict, ValidationError


class Answer(BaseModel):
    """One answer; `inside.py` writes what applies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    returncode: int = 0
    timed_out: bool = False
    cut: bool = False
    """Whether there was more than the limit."""
    errno: int | None = None
    told: str = ""
    path: str = ""
    value_error: str | None = None

    @classmethod
    def read(cls, text: bytes) -> Answer:
        """Reads it.

        Raises:
            SandboxUnavailableError: If it is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise SandboxUnavailableError("the interpreter of the sandbox gave no answer") from error

    def require_carried_out(self) -> None:
        """Raises what inspect tells a model of; a full disk and the like are the model's doing too.

        Raises:
            FileNotFoundError, PermissionError, IsADirectoryError: As the file system said.
            ValueError: If an argument cannot be given to a command.
            SandboxUnavailableError: For every other fault.
        """
        if self.value_error is not None:
            raise ValueError(self.value_error)
        if self.errno is not None:
            error = OSError(self.errno, self.told, self.path)
            if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
                raise error
            raise SandboxUnavailableError(str(error))
