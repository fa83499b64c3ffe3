"""Programs are found in markdown as models write it, by every policy."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replgym.rewards import CODE_EXTRACTIONS, Language, UnknownCodeExtractionError, extract_code
from replgym.rewards.code_extraction import answer_of, blocks_of

BLOCK_POLICIES = ("all-joined", "first-block", "last-block")
TWO = "First:\n```python\na = 1\n```\nBetter:\n```python\nb = 2\n```\nOutput:\n```\n2\n```"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("first-block", "a = 1"),
        ("last-block", "b = 2"),
        ("all-joined", "a = 1\nb = 2"),
        ("longest-parsing", "a = 1"),
        ("answer-tag", None),
        ("whole-text", TWO),
    ],
)
def test_policies_differ_where_there_are_several_blocks(policy: str, code: str | None) -> None:
    assert extract_code(policy, TWO) == code


NASTY = {
    "tildes": ("~~~python\nx = 1\n~~~", "x = 1"),
    "backticks in tildes": ("~~~python\nx = '''\n```\n'''\n~~~", "x = '''\n```\n'''"),
    "a longer fence": ("````python\nx = '''\n```py\n```\n'''\n````", "x = '''\n```py\n```\n'''"),
    "the end is longer": ("```python\nx = 1\n`````", "x = 1"),
    "the end is shorter": ("````python\nx = 1\n```\ny = 2\n````", "x = 1\n```\ny = 2"),
    "the end is missing": ("Look:\n```python\nx = 1\ny = 2", "x = 1\ny = 2"),
    "an empty text follows": ("```python\nx = 1\n```\n\n\n", "x = 1"),
    "the end was forgotten before the next block": (
        "```python\nx = 1\n\nNow:\n```python\ny = 2\n```",
        "y = 2",
    ),
    "a complete block before one that is cut off": ("```python\nx = 1\n```\n```python\nx = 2\ny", "x = 1"),
    "crlf": ("```python\r\nx = 1\r\n\r\ny = 2\r\n```\r\n", "x = 1\n\ny = 2"),
    "indented in a list": ("1. So:\n   ```python\n   if x:\n       y\n   ```\n2. Done", "if x:\n    y"),
    "indented by four": ("- So:\n\n    ```python\n    x = 1\n    ```", "x = 1"),
    "indented by a tab": ("\t```python\n\tx = 1\n\t```", "x = 1"),
    "less indented than its fence": ("  ```python\nx = 1\n  ```", "x = 1"),
    "a fence in a docstring": (
        '```python\ndef f():\n    """\n    ```\n    f()\n    ```\n    """\n```',
        'def f():\n    """\n    ```\n    f()\n    ```\n    """',
    ),
    "a program that writes fences": (
        '```python\np = f"""```python\n{x}\n```"""\n```',
        'p = f"""```python\n{x}\n```"""',
    ),
    "a block in markdown": ("```markdown\n# T\n```python\nx = 1\n```\n```", "x = 1"),
    "a block in longer markdown": ("````md\n```python\nx = 1\n```\n````", "x = 1"),
    "tag in capitals": ("```Python\nx = 1\n```", "x = 1"),
    "tag with a version": ("```python3\nx = 1\n```", "x = 1"),
    "tag with attributes": ("```python title='a.py' {1}\nx = 1\n```", "x = 1"),
    "tag in braces": ("```{.python}\nx = 1\n```", "x = 1"),
    "space before the tag": ("``` py \nx = 1\n```", "x = 1"),
    "no tag": ("```\nx = 1\n```", "x = 1"),
    "a named block comes before one without a name": ("```python\nx = 1\n```\n```\n1\n```", "x = 1"),
    "other languages are left out": ("```bash\nls\n```\n```\nx = 1\n```\n```output\n1\n```", "x = 1"),
    "text before the fence": ("So: ```python\nx = 1\n```", "x = 1"),
    "tags around": ("<answer>```python\nx = 1\n```</answer>", "x = 1"),
    "prose names a fence": ("Write ```python\n```python\nx = 1\n```", "x = 1"),
    "inline code": ("Use ```x = 2``` so:\n```python\nx = 1\n```", "x = 1"),
    "an empty block": ("```python\n```\n```python\nx = 1\n```\n```python\n\n```", "x = 1"),
    "only other languages": ("```json\n{}\n```", None),
    "only an inline fence": ("```print(1)```", None),
    "two backticks": ("``\nx = 1\n``", None),
    "prose": ("I do not know.", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "code"), NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("policy", BLOCK_POLICIES)
def test_nasty_markdown(policy: str, text: str, code: str | None) -> None:
    if policy == "first-block" and "was forgotten" in next(k for k, v in NASTY.items() if v[0] == text):
        code = "y = 2"
    assert extract_code(policy, text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<think>t</think><answer>\n```python\nx = 1\n```\n</answer>", "x = 1"),
        ("<answer>x = 1</answer>", "x = 1"),
        ("<answer>a = 1</answer> no, <answer>b = 2</answer>", "b = 2"),
        ("<think>In <answer> tags.</think><answer>x = 1</answer>", "x = 1"),
        ("<think>I wrote <answer>a = 1</answer>", "a = 1"),
        ("<think>a</think><answer>x = '<answer>'</answer>", "x = '<answer>'"),
        ("<answer>x = '<answer>(.*)</answer>'</answer>", "x = '<answer>(.*)</answer>'"),
        ("<answer>```python\na = 1\n```\nand\n```python\nb = 2\n```</answer>", "a = 1\nb = 2"),
        ("<answer>\n```python\nx = 1\n```", "x = 1"),
        ("```python\nx = 1\n```\n<answer>see above</answer>", "see above"),
        ("<answer>```json\n{}\n```</answer>", None),
        ("<answer>  </answer>", None),
        ("```python\nx = 1\n```", None),
    ],
)
def test_answers_between_tags(text: str, code: str | None) -> None:
    assert extract_code("answer-tag", text) == code


def test_the_last_answer_is_the_whole_one() -> None:
    assert answer_of("<answer>a</answer><answer>b") == "a"
    assert answer_of("</answer>") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sure!\n\ndef f(x):\n    return x\n\nThat was it.", "def f(x):\n    return x\n"),
        ("a = 1\nNo, that is wrong.\nb = (\n  2,\n\n  3)\nDone so.", "b = (\n  2,\n\n  3)"),
        ("try:\n    a\nexcept E:\n    b\nelse that", "try:\n    a\nexcept E:\n    b"),
        ("x = '''\nnot python at all\n'''\ny = [", "x = '''\nnot python at all\n'''"),
        ("def f():\n    return (1,\n\nand then it ends", None),
        ("@dec\ndef f(): pass\n\n\n@dec", "@dec\ndef f(): pass\n\n"),
        ("    indented = 1\nx = 2", "x = 2"),
        ("no code here, really", None),
        ("\x00", None),
        ("(" * 5000, None),
    ],
)
def test_the_longest_run_that_parses(text: str, code: str | None) -> None:
    assert extract_code("longest-parsing", text) == code


def test_blocks_of_the_language_of_the_task_are_taken() -> None:
    text = "```python\nx = 1\n```\n```cpp\nint main() {}\n```"
    for policy in (*BLOCK_POLICIES, "longest-parsing"):
        assert extract_code(policy, text, language=Language.CPP) == "int main() {}"
        assert extract_code(policy, text) == "x = 1"


def test_an_unknown_policy_is_told() -> None:
    with pytest.raises(UnknownCodeExtractionError, match="unknown code extraction 'best'; use one of: all-j"):
        extract_code("best", "x = 1")


NO_FENCE = re.compile(r"[`~]{3}|^\s*$")
lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=20).filter(
    lambda line: not NO_FENCE.search(line)
)
programs = st.lists(lines, min_size=1, max_size=5).map("\n".join)
fences = st.builds(lambda mark, size: mark * size, st.sampled_from("`~"), st.integers(3, 6))


@given(programs, fences, st.sampled_from(["", "python", "Py", " python3 x=1"]), st.booleans(), st.booleans())
def test_what_is_fenced_is_found(program: str, fence: str, tag: str, crlf: bool, closed: bool) -> None:
    text = f"Well:\n{fence}{tag}\n{program}\n" + (f"{fence}\n" if closed else "")
    text = text if closed else text.removesuffix("\n")
    text = text.replace("\n", "\r\n") if crlf else text
    for policy in BLOCK_POLICIES:
        assert extract_code(policy, text) == program
    if "<" not in program:
        assert extract_code("answer-tag", f"<answer>{text}</answer>") == program


@given(programs, st.integers(0, 9), st.sampled_from(["  ", "\t"]))
def test_the_indentation_of_a_block_is_not_part_of_it(program: str, depth: int, unit: str) -> None:
    indent = unit * depth
    text = "\n".join(f"{indent}{line}" for line in ("```python", *program.split("\n"), "```"))
    assert extract_code("last-block", text) == program


@given(st.lists(programs, min_size=1, max_size=4))
def test_blocks_keep_their_order(several: list[str]) -> None:
    text = "\nand\n".join(f"```python\n{program}\n```" for program in several)
    assert [block.code for block in blocks_of(text)] == several
    assert extract_code("first-block", text) == several[0]
    assert extract_code("last-block", text) == several[-1]
    assert extract_code("all-joined", text) == "\n".join(several)


@given(st.text(st.sampled_from("`~ \t\r\npython<answer>/{x=1(\\'\"\x00é")))
@example("```python\n" * 3)
def test_no_text_is_too_strange(text: str) -> None:
    for policy in CODE_EXTRACTIONS:
        for language in Language:
            code = extract_code(policy, text, language=language)
            assert code is None or code.strip()
            assert code is None or set(code) <= set(text) | {"\n"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So it is \boxed{42}, where {x} is 7.", "42"),
        (r"\boxed{1} or rather $\boxed{\{1, {2}\}}$", r"\{1, {2}\}"),
        ("\\boxed{\n```python\nprint('}')\n```\n}", "print('}')"),
        (r"\boxed{", None),
        ("42", None),
    ],
)
def test_the_last_box_is_the_answer(text: str, answer: str | None) -> None:
    assert extract_code("boxed", text) == answer


@given(programs.filter(lambda program: "<" not in program))
def test_every_policy_finds_what_it_writes(program: str) -> None:
    for name, policy in CODE_EXTRACTIONS.items():
        if name != "longest-parsing":
            assert extract_code(name, policy.write(program)) == program
    fenced = CODE_EXTRACTIONS["last-block"].write("x = '''\n````python\n```\n'''")
    assert extract_code("last-block", fenced) == "x = '''\n````python\n```\n'''"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line",
    ["\\boxed{", "\\boxed{```", "(", "Hi", "x = [", "def f():", "'''", "```python", "a ```b", "<answer>"],
)
def test_the_work_is_bounded(line: str) -> None:
    """A repeated line is the worst case of searches that are not linear: they would take many minutes."""
    text = f"{line}\n" * (100_000 // len(line))
    for policy in CODE_EXTRACTIONS:
        extract_code(policy, text)
