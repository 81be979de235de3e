"""Every example in docs/kernels.md runs, and what it asserts is so."""

import torch
from tests.doc_examples import DocExamples
from torch import nn

PAGE = DocExamples("kernels.md")


@PAGE.every_section
def test_the_examples_of_a_section_run_and_show_what_they_give(heading):
    torch.manual_seed(0)
    PAGE.run(heading, torch=torch, nn=nn)


def test_all_examples_are_found():
    PAGE.assert_all_are_found()


def test_the_examples_may_use_what_the_page_says():
    assert "after\n`import torch` and `from torch import nn`" in PAGE.text
