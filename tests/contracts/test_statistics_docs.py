"""Every example in docs/statistics.md runs, and what it asserts is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from bulbinspect.metrics import bootstrap, operating_point, paired, sample_efficiency

TEXT = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
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
    program = compile("\n".join(blocks), f"docs/statistics.md, {heading}", "exec")
    exec(program, {"np": np})  # noqa: S102


def test_all_examples_are_found():
    assert sum(len(blocks) for _, blocks in SECTIONS) == TEXT.count("```python")


def test_the_examples_may_use_what_the_page_says():
    assert "program, after `import numpy as np`" in TEXT


def test_every_function_of_the_table_is_there_and_has_an_example():
    table = re.findall(r"^\| [^|]+\? \| (`.+`) \|", TEXT, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(table))
    assert len(named) == 8
    modules = (bootstrap, operating_point, paired, sample_efficiency)
    for name in named:
        assert any(hasattr(module, name) for module in modules)
        assert re.search(rf"^[^|]*\b{name}\(", TEXT, re.MULTILINE)


def test_the_share_of_skipped_resamples_is_the_one_the_page_names():
    assert f"Above {100 * bootstrap.MAX_SKIPPED:.0f} % there is no interval" in TEXT
