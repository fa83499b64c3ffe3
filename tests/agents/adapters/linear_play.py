"""How the linear black-box tasks are played: three cells that need each other's variables."""

SETTINGS = {"task_options": {"levels": [1], "size": 4}, "max_turns": 4}
CELLS = (
    "b = f(0)\nprint('b', b)",
    "a = f(1) - b\nprint('a', a)",
    "submit(f'def solution(x): return {a} * x + {b}')",
)
WRONG = "submit('def solution(x): return None')"


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"
