"""What docs/check.md tells of kinds, limits and sample sizes is so."""

import re
from pathlib import Path

from bulbinspect.benchmark import check as bench
from bulbinspect.data.check import near, verify
from bulbinspect.data.check.kinds import KINDS
from bulbinspect.metrics.sample_size import rate_bound
from bulbinspect.report.check_page import Limits

ROOT = Path(__file__).parents[2]
TEXT = " ".join((ROOT / "docs" / "check.md").read_text(encoding="utf-8").split())


def test_every_kind_has_its_row_and_every_row_is_a_kind():
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    table = page.split("\n## What can be found\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \| (.+) \|$", table, re.MULTILINE)
    assert rows == [
        (kind.code, kind.severity.value, kind.meaning, kind.advice) for kind in KINDS.values()
    ]


def test_every_kind_is_given_somewhere_in_the_code():
    folder = ROOT / "src" / "bulbinspect" / "data" / "check"
    source = "".join(
        file.read_text(encoding="utf-8") for file in folder.glob("*.py") if file.stem != "kinds"
    )
    built = {"mixed_sizes", "mixed_depths", "odd_size", "odd_depth"}  # from a name of a fact
    named = {"identical_views"}  # a reason of the reader
    assert {code for code in KINDS if f'"{code}"' not in source} <= built | named


def test_limits_are_those_of_the_code():
    assert f"likeness is at least {near._LIKENESS};" in TEXT
    assert f"Each picture's {near._NEAREST} nearest" in TEXT
    assert f"up to {near._FEW} pictures, all are" in TEXT
    assert f"{near._SIDE} × {near._SIDE} levels of mean 0" in TEXT
    assert f"JPEG of quality {verify._QUALITY} in memory" in TEXT
    assert f"no more than {verify._MOST_OVERALL} times" in TEXT
    assert f"by more than {verify._MOST_IN_A_CELL} times" in TEXT
    limits = Limits()
    assert (
        f"{limits.findings_of_a_kind} findings and {limits.thumbnails_of_a_kind} pictures" in TEXT
    )


def test_what_samples_prove_is_what_is_computed():
    numbers = re.search(r"no error among ([\d, or]+) bulbs proves a rate of at most (.+?) %", TEXT)
    bulbs = [int(one) for one in re.findall(r"\d+", numbers[1])]
    percents = [float(one) for one in re.findall(r"[\d.]+", numbers[2])]
    assert [round(100 * rate_bound(one), 1) for one in bulbs] == percents


def test_speed_is_held_against_the_limits_of_the_benchmark():
    assert f"check of {bench.PICTURES_A_SECOND} pictures" in TEXT
    assert re.search(rf"check / decode, CPU .*\| {bench.RATIO_AT_MOST:g} \| met", TEXT)
