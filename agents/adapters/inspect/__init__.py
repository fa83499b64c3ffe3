"""`PyInterp-v0` for inspect_ai: tasks, tools and a sandbox, which inspect finds by the name `replgym`.

All three stand on the sandbox: inspect makes one for each sample and ends it however the sample ends, and the
interpreters of a sample live and die with its sandbox.
"""

from .interpreter_settings import InterpreterSettings
from .replgym_sandbox import ReplgymSandbox
from .tasks import hidden_tests, play_episode, pyinterp
from .tools import debugger, python_interpreter, submit

__all__ = [
    "InterpreterSettings",
    "ReplgymSandbox",
    "debugger",
    "hidden_tests",
    "play_episode",
    "pyinterp",
    "python_interpreter",
    "submit",
]
