"""The Python examples of a page of the docs; those of a section are one program."""

import re
from pathlib import Path

import pytest

_DOCS = Path(__file__).parents[1] / "docs"


class DocExamples:
    """The page `docs/NAME`, by sections that hold examples."""

    def __init__(self, name):
        self.name = name
        self.text = (_DOCS / name).read_text(encoding="utf-8")
        parts = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        found = {head: re.findall(r"```python\n(.+?)```", text, re.DOTALL) for head, text in parts}
        self.sections = {heading: blocks for heading, blocks in found.items() if blocks}

    @property
    def every_section(self):
        """Return the mark that runs a test for each `heading`."""
        return pytest.mark.parametrize("heading", self.sections)

    def run(self, heading, **names):
        """Run the examples of a section, each of which must assert something."""
        blocks = self.sections[heading]
        assert all("assert" in block for block in blocks)
        exec(compile("\n".join(blocks), f"docs/{self.name}, {heading}", "exec"), names)  # noqa: S102

    def assert_all_are_found(self):
        """Hold that no example of the page is outside a section."""
        assert sum(map(len, self.sections.values())) == self.text.count("```python") > 0
