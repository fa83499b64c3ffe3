"""The cells that players of black-box tasks write."""

from __future__ import annotations


def ask(x: int) -> str:
    """Prints one value of the hidden function."""
    return f"print(f({x}))"


def submit_literal(body: str) -> str:
    """Hands in what stands there."""
    return f'submit("def solution(x): return {body}")'


def submit_filled(body: str) -> str:
    """Hands in a body whose braces the interpreter fills from its variables."""
    return f'submit(f"def solution(x): return {body}")'
