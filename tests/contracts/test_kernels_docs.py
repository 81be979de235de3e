"""Every example in docs/kernels.md runs, and what it asserts is so."""

import re
from pathlib import Path

import pytest
import torch

TEXT = (Path(__file__).parents[2] / "docs" / "kernels.md").read_text(encoding="utf-8")
EXAMPLES = [
    (heading, code)
    for heading, section in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.S)
    for code in re.findall(r"```python\n(.+?)```", section, re.DOTALL)
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*")
@pytest.mark.parametrize(("heading", "code"), EXAMPLES, ids=[heading for heading, _ in EXAMPLES])
def test_the_example_runs_and_holds(heading, code):
    assert "assert " in code, f"{heading}: an example shows what it gives"
    torch.manual_seed(0)
    exec(compile(code, f"docs/kernels.md, {heading}", "exec"), {"torch": torch})  # noqa: S102


def test_all_examples_are_found():
    assert len(EXAMPLES) == TEXT.count("```python\n")
