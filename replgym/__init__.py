"""Train and evaluate coding models that use a stateful Python interpreter.

Importing the package registers `PyInterp-v0` with Gymnasium and does nothing else.
"""

from gymnasium.envs.registration import register

__version__ = "0.1.0"

register(
    id="PyInterp-v0",
    entry_point="replgym.envs.interpreter_env:InterpreterEnv",
    vector_entry_point="replgym.envs.interpreter_vector_env:InterpreterVectorEnv",
)
