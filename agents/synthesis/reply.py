"""One message of a model, as it is kept, and how it is read: strictly, since what is unclear is set aside."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...rewards.code_extraction import blocks_of
from .rejection import Reason, RejectedError

_PYTHON = frozenset({"python", "python3", "py", "py3"})
_END_OF_REASONING = "</think>"
_PROBLEM = re.compile(r"<problem>\s*(.+?)\s*</problem>", re.DOTALL)


class Reply(BaseModel):
    """What a model wrote, and what it cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    finished: bool = True
    """False when it reached its limit of tokens."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether the endpoint did not count, and four characters were taken for a token."""

    @property
    def answer(self) -> str:
        """What stands after the reasoning.

        Raises:
            RejectedError: If it was cut off, or nothing stands there.
        """
        if not self.finished:
            raise RejectedError(Reason.CUT_OFF, f"it was cut off after {self.completion_tokens} tokens")
        _, ended, answer = self.text.rpartition(_END_OF_REASONING)
        if "<think>" in self.text and not ended:
            raise RejectedError(Reason.MALFORMED, "its reasoning does not end with </think>")
        if not answer.strip():
            raise RejectedError(Reason.MALFORMED, "there is no answer")
        return answer.strip()


@dataclass(frozen=True, slots=True)
class InputSource:
    """Where inputs come from: a program that writes them, or a text that lists them."""

    program: str = ""
    listed: str = ""


def statement_in(reply: Reply) -> str:
    """The problem statement between its tags.

    Raises:
        RejectedError: If there is not exactly one.
    """
    found = _PROBLEM.findall(reply.answer)
    if len(found) != 1:
        raise RejectedError(
            Reason.MALFORMED, f"{len(found)} times <problem>…</problem>; exactly one is needed"
        )
    return str(found[0])


def entry_point_in(statement: str) -> str:
    """The function that a statement's one block of starting code defines, or the method of its class.

    Raises:
        RejectedError: If it does not define exactly one.
    """
    blocks = [block.code for block in blocks_of(statement) if block.language in _PYTHON]
    found = [name for code in blocks for name in _defined(_parsed(code))]
    if len(found) != 1:
        raise RejectedError(
            Reason.NO_ENTRY_POINT,
            f"the statement's starting code defines {len(found)} functions; one is needed",
        )
    return found[0]


def program_in(reply: Reply, entry_point: str, tokens: tuple[int, int]) -> str:
    """The one program of a solution.

    The filters are those of X-Coder (arXiv 2601.06953): exactly one ```python block, which parses, and a
    number of tokens within limits.

    Args:
        reply: The solution.
        entry_point: What it must define; empty for whole programs.
        tokens: The least and the most tokens of the reply.

    Raises:
        RejectedError: If a filter holds it back.
    """
    program = _one_block(reply)
    low, high = tokens
    if not low <= reply.completion_tokens <= high:
        raise RejectedError(Reason.LENGTH, f"it has {reply.completion_tokens} tokens, not {low} to {high}")
    tree = _parsed(program)
    if entry_point and not _has(tree, entry_point):
        raise RejectedError(Reason.NO_ENTRY_POINT, f"the program does not define {entry_point}")
    return program


def inputs_in(reply: Reply) -> InputSource:
    """A generator program, or a list of inputs, in the reply's one block.

    Raises:
        RejectedError: If it has neither or several.
    """
    blocks = [block for block in blocks_of(reply.answer) if block.closed and block.code.strip()]
    if len(blocks) != 1 or blocks[0].language not in _PYTHON | {"json", "jsonl"}:
        raise RejectedError(Reason.MALFORMED, "it needs exactly one block, of python or json")
    (block,) = blocks
    if block.language in _PYTHON:
        _parsed(block.code)
        return InputSource(program=block.code)
    return InputSource(listed=block.code)


def values_in(text: str) -> list[Any]:
    """The inputs of a text: one JSON value a line, or one JSON list of them.

    Raises:
        RejectedError: If it is neither.
    """
    try:
        lines = [_json(line) for line in text.split("\n") if line.strip()]
        # A single line is the list of all inputs, if it is a list of lists or of texts.
        if len(lines) == 1 and _is_list_of_inputs(lines[0]):
            return list(lines[0])
        return lines
    except (ValueError, RecursionError):
        pass
    try:
        values = _json(text)
    except (ValueError, RecursionError) as error:
        raise RejectedError(Reason.MALFORMED, f"the inputs are no JSON: {error}") from error
    if not isinstance(values, list):
        raise RejectedError(Reason.MALFORMED, "the inputs are no JSON list")
    return values


def _json(text: str) -> Any:
    """A value as tests can hold it: numbers are finite, texts are Unicode."""
    value = json.loads(text, parse_constant=_no_number)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _is_list_of_inputs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, list | str) for each in value)


def _one_block(reply: Reply) -> str:
    blocks = [block for block in blocks_of(reply.answer) if block.language in _PYTHON]
    if len(blocks) != 1 or not blocks[0].closed or not blocks[0].code.strip():
        raise RejectedError(
            Reason.NOT_ONE_PROGRAM, f"it has {len(blocks)} blocks of python; exactly one is needed"
        )
    return f"{blocks[0].code}\n"


def _parsed(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RejectedError(Reason.SYNTAX, f"{type(error).__name__}: {error}") from error


def _defined(tree: ast.Module) -> list[str]:
    """Entry points of a module's functions, and of the public methods of its classes."""
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = (part.name for part in node.body if isinstance(part, ast.FunctionDef))
            names += [f"{node.name}().{name}" for name in methods if not name.startswith("_")]
    return names


def _has(tree: ast.Module, entry_point: str) -> bool:
    owner, _, name = entry_point.rpartition("().")
    body: list[ast.stmt] = tree.body
    if owner:
        classes = [node for node in body if isinstance(node, ast.ClassDef) and node.name == owner]
        if not classes:
            return False
        if classes[-1].bases:
            return True  # the method may be inherited
        body = classes[-1].body
    return any(name in _names(node) for node in body)


def _names(node: ast.stmt) -> tuple[str, ...]:
    """What a statement defines."""
    match node:
        case ast.FunctionDef(name=name):
            return (name,)
        case ast.Assign(targets=targets):
            return tuple(target.id for target in targets if isinstance(target, ast.Name))
    return ()
