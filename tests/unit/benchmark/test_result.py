import json

import pytest

from bulbinspect.benchmark.result import print_result, result, spread


@pytest.fixture
def speed():
    return result(
        "speed",
        settings={"bulbs": 8, "model": "[red]"},
        seconds={"wall": [3.0, 1.0, 2.5]},
        claims={"ratio": ([1.0, 1.3, 1.1], 1.2), "start, s": ([0.5, 0.4, 0.6], 0.4)},
    )


def test_spread_is_median_and_extremes_and_every_number_in_its_order():
    assert spread([4.0, 1.0, 2.0, 8.0]) == {
        "median": 3.0,
        "low": 1.0,
        "high": 8.0,
        "repeats": [4.0, 1.0, 2.0, 8.0],
    }


def test_a_claim_is_met_when_its_median_is_within_the_limit(speed):
    assert (speed["claims"]["ratio"]["median"], speed["claims"]["ratio"]["met"]) == (1.1, True)
    assert speed["claims"]["start, s"]["met"] is False


def test_a_median_at_the_limit_is_met():
    claims = result("b", settings={}, seconds={}, claims={"zero": ([0, 0], 0)})["claims"]
    assert claims["zero"]["met"] is True


def test_result_is_plain_and_says_where_it_was_measured(speed):
    assert json.loads(json.dumps(speed, allow_nan=False)) == speed
    assert speed["machine"]["cores"] >= 1
    assert speed["machine"]["packages"]["bulbinspect"]


def test_table_shows_what_was_missed_too(speed, capsys):
    print_result(speed)
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("  ")[1]: line.split() for line in lines if line.startswith("  ")}
    assert rows["wall, s"][2:] == ["2.500", "1.000", "3.000"]
    assert rows["ratio"][1:] == ["1.100", "1.000", "1.300", "1.2", "met"]
    assert rows["start, s"][2:] == ["0.500", "0.400", "0.600", "0.4", "missed"]
    assert "bulbs 8, model [red]" in "\n".join(lines)
