import pytest

from bulbinspect.benchmark import check
from bulbinspect.errors import UsageError


def test_ratio_is_the_work_of_the_check_over_that_of_decoding():
    measured = check.run_check(num_bulbs=8, size_px=32, repeats=2)
    wall, spent, decode = measured["seconds"].values()
    pictures, ratio = measured["claims"].values()
    for repeat in range(2):
        expected = spent["repeats"][repeat] / decode["repeats"][repeat]
        assert ratio["repeats"][repeat] == pytest.approx(expected)
        assert pictures["repeats"][repeat] == pytest.approx(wall["repeats"][repeat] * 300 / 32)
    assert measured["settings"]["pictures"] == "32×32² PNG"


def test_pictures_with_problems_are_not_timed(monkeypatch):
    def spoil(folder, **options):
        write_set(folder, **options)
        (folder / "images" / "bulb-000003_2.png").write_bytes(b"x")

    write_set = check.write_set
    monkeypatch.setattr(check, "write_set", spoil)
    with pytest.raises(UsageError, match="refused_picture"):
        check.run_check(num_bulbs=8, size_px=32, repeats=1)
