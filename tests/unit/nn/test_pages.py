import mmap
import sys

import pytest
import torch

from bulbinspect.nn import pages
from bulbinspect.nn.pages import MIN_BYTES, ask_for_huge_pages, is_fresh

LARGE = 16 * MIN_BYTES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can say")
def test_memory_that_was_written_is_not_fresh():
    tensor = torch.empty(LARGE, dtype=torch.uint8).fill_(1)
    assert not is_fresh(tensor)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can say")
def test_memory_just_mapped_is_fresh_until_it_is_written():
    mapped = torch.frombuffer(mmap.mmap(-1, LARGE), dtype=torch.uint8)
    assert is_fresh(mapped)
    ask_for_huge_pages(mapped)
    mapped.fill_(7)
    assert not is_fresh(mapped)
    assert int(mapped.sum()) == 7 * LARGE


def test_small_tensors_are_left_alone():
    assert not is_fresh(torch.empty(MIN_BYTES - 1, dtype=torch.uint8))


def test_where_nobody_can_say_nothing_is_fresh_and_asking_does_no_harm(monkeypatch):
    monkeypatch.setattr(pages, "_libc", lambda: None)
    tensor = torch.empty(LARGE, dtype=torch.uint8)
    assert not is_fresh(tensor)
    ask_for_huge_pages(tensor)
