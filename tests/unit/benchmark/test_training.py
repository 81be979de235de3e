import pytest

from bulbinspect.benchmark.training import run_training


@pytest.fixture(scope="module")
def measured():
    return run_training(trunks=("compact",), size_px=32, batch_size=4, num_steps=3, repeats=2)


def test_the_ratio_is_that_of_the_two_times_of_each_repeat(measured):
    bare = measured["seconds"]["compact: bare"]["repeats"]
    full = measured["seconds"]["compact: full"]["repeats"]
    ratios = measured["claims"]["compact: full / bare"]["repeats"]
    assert ratios == [after / before for before, after in zip(bare, full, strict=True)]
    assert len(ratios) == 2


def test_every_time_is_of_a_step_that_was_taken(measured):
    assert set(measured["seconds"]) == {
        "compact: bare",
        "compact: full",
        "compact: bare, stock malloc",
    }
    assert all(row["low"] > 0 for row in measured["seconds"].values())
    assert measured["claims"]["compact: full / bare"]["at_most"] == 1.15
