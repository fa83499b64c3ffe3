"""Programs that nobody trusts, run to their end: input and files in, output, exit code and files out."""

from .program import Program, ProgramLanguage, ProgramLimits
from .program_result import ProgramResult, StageEnd, StageResult
from .program_runner import LanguageMissingError, ProgramError, ProgramRunner
from .sandboxed_programs import SandboxedPrograms

__all__ = [
    "LanguageMissingError",
    "Program",
    "ProgramError",
    "ProgramLanguage",
    "ProgramLimits",
    "ProgramResult",
    "ProgramRunner",
    "SandboxedPrograms",
    "StageEnd",
    "StageResult",
]
