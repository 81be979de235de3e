"""How often the named side shows the defect, against the truth of drawn bulbs."""

import csv

import numpy as np
import pytest
from tests.ordered_bundle import rejected_by_hand

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import DataError
from bulbinspect.study.measure import Named, measure_run, named_side

TRUTH = (
    "bulb_id,view,kind,visible_px\n"
    "b0,0,crack,0\nb0,1,crack,9\nb0,2,crack,0\nb0,3,crack,0\n"
    "b3,0,dent,1\nb3,1,dent,1\nb3,2,dent,1\nb3,3,dent,0\n"
)


def test_the_named_side_is_right_where_the_defect_is_visible(tmp_path):
    (tmp_path / "truth.csv").write_text(TRUTH)
    answers = [
        Named("b0", "reject", "1"), Named("b3", "reject", "3"), Named("b1", "reject", "0"),
        Named("b0", "pass", ""), Named("b3", "unjudged", ""),
    ]  # fmt: skip
    side = named_side(answers, tmp_path / "truth.csv")
    assert (side.rejected_defective, side.right) == (2, 1)
    assert side.by_chance == pytest.approx(4 / 8)


def test_the_named_side_of_a_run_is_its_brightest(by_hand, tmp_path):
    """The bundle's views say how bright they are, so the truth can be told from the levels."""
    run, bulbs, levels = by_hand()
    rejected = np.array([rejected_by_hand(row) for row in levels])
    rows = [["bulb_id", "view", "kind", "visible_px"]]
    for number, row in enumerate(levels):
        if bulbs[number].label == "defect":
            shows = row.argmax() if number < 10 else row.argmin()
            rows += [[f"b{number}", view, "crack", int(view == shows)] for view in range(4)]
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = measure_run(run, bulbs, varied_bulbs=1, truth=tmp_path / "truth.csv")["named_side"]
    defective = [n for n in range(20) if rejected[n] and bulbs[n].label == "defect"]
    assert found == {
        "rejected_defective": len(defective),
        "right": sum(n < 10 for n in defective),
    }
    assert 0 < found["right"] < found["rejected_defective"]


def test_a_network_whose_views_all_say_the_same_names_no_side(tmp_path, tiny_bundle, draw_bulb):
    tiny_bundle(tmp_path / "bundle.onnx", graph={"gains": (0.0, 0.0), "offsets": (0.0, 1.0)})
    (tmp_path / "truth.csv").write_text(TRUTH)
    folder = draw_bulb(tmp_path / "b0", [10, 20, 30, 40])
    bulb = Bulb("b0", tuple(View(str(n), folder / f"{n}.png") for n in range(4)), "defect")
    assert measure_run(tmp_path, [bulb], truth=tmp_path / "truth.csv")["named_side"] is None


@pytest.mark.parametrize("text", ["", "bulb_id,view\nb0,1\n", TRUTH + "b3,4,dent,some\n"])
def test_another_table_is_no_truth(tmp_path, text):
    (tmp_path / "truth.csv").write_text(text)
    answers = [Named("b0", "reject", "1")]
    if text:
        with pytest.raises(DataError, match=r"truth\.csv beside the manifest cannot be read"):
            named_side(answers, tmp_path / "truth.csv")
    else:
        assert named_side(answers, tmp_path / "truth.csv").rejected_defective == 0
    with pytest.raises(DataError, match=r"nowhere\.csv is not there"):
        named_side(answers, tmp_path / "nowhere.csv")


def test_a_view_that_the_truth_does_not_know_is_named(tmp_path):
    (tmp_path / "truth.csv").write_text(TRUTH)
    with pytest.raises(DataError, match="1 of the views") as refused:
        named_side([Named("b0", "reject", "left")], tmp_path / "truth.csv")
    assert refused.value.problems == ("view 'left' of bulb 'b0'",)
