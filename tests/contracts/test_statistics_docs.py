"""Every example in docs/statistics.md runs, and what it asserts is so."""

import re

import numpy as np
from tests.doc_examples import DocExamples

from bulbinspect.metrics import bootstrap, operating_point, paired, sample_efficiency

PAGE = DocExamples("statistics.md")


@PAGE.every_section
def test_the_examples_of_a_section_run_and_show_what_they_give(heading):
    PAGE.run(heading, np=np)


def test_all_examples_are_found():
    PAGE.assert_all_are_found()


def test_the_examples_may_use_what_the_page_says():
    assert "program, after `import numpy as np`" in PAGE.text


def test_every_function_of_the_table_is_there_and_has_an_example():
    table = re.findall(r"^\| [^|]+\? \| (`.+`) \|", PAGE.text, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(table))
    assert len(named) == 8
    modules = (bootstrap, operating_point, paired, sample_efficiency)
    for name in named:
        assert any(hasattr(module, name) for module in modules)
        assert re.search(rf"^[^|]*\b{name}\(", PAGE.text, re.MULTILINE)


def test_the_share_of_skipped_resamples_is_the_one_the_page_names():
    assert f"Above {100 * bootstrap.MAX_SKIPPED:.0f} % there is no interval" in PAGE.text
