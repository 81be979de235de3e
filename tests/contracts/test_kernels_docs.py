"""Every example in docs/kernels.md runs, and what it asserts is so."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

TEXT = (Path(__file__).parents[2] / "docs" / "kernels.md").read_text(encoding="utf-8")
SECTIONS = [
    (heading, blocks)
    for heading, section in re.findall(
        r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL
    )
    if (blocks := re.findall(r"```python\n(.+?)```", section, re.DOTALL))
]


@pytest.mark.parametrize(("heading", "blocks"), SECTIONS, ids=[heading for heading, _ in SECTIONS])
def test_the_examples_of_a_section_run_and_show_what_they_give(heading, blocks):
    assert all("assert" in block for block in blocks)
    torch.manual_seed(0)
    program = compile("\n".join(blocks), f"docs/kernels.md, {heading}", "exec")
    exec(program, {"torch": torch, "nn": nn})  # noqa: S102


def test_all_examples_are_found():
    assert sum(len(blocks) for _, blocks in SECTIONS) == TEXT.count("```python")


def test_the_examples_may_use_what_the_page_says():
    assert "after\n`import torch` and `from torch import nn`" in TEXT
