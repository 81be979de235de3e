import pytest
from tests.run_folders import BADLY, WELL, Made, bulbs

from bulbinspect.errors import DataError
from bulbinspect.study.figures import figures_of
from bulbinspect.study.record import read_run


def row_of(runs, **values):
    folder = runs.add(**values)
    return figures_of(read_run(folder, name="x")).row


def test_figures_are_those_computed_by_hand(runs):
    row = row_of(runs, test=BADLY, val=WELL)
    assert (row["val_auroc"], row["auroc"]) == (1, 13 / 16)
    assert row["threshold_at_overkill"] == 0.5  # between 0.4 and 0.6: no good val bulb is rejected
    assert (row["escape_rate_at_overkill"], row["overkill_rate_at_overkill"]) == (1 / 4, 2 / 4)
    assert (row["reject_threshold"], row["escape_rate"], row["overkill_rate"]) == (
        0.5,
        1 / 4,
        2 / 4,
    )
    assert row["num_unjudged"] == 0


def test_the_threshold_comes_from_val_and_its_rates_from_test(runs):
    val = bulbs([0.01 * at for at in range(50)], [0.9])  # 2 % of 50 is one, that at 0.49
    row = row_of(runs, test=bulbs((0.1, 0.484, 0.486), (0.484, 0.486)), val=val)
    assert row["threshold_at_overkill"] == pytest.approx(0.485)
    assert row["overkill_rate_at_overkill"] == pytest.approx(1 / 3)
    assert row["escape_rate_at_overkill"] == 1 / 2


def test_unjudged_bulbs_are_rejects_in_rates_and_left_out_of_auroc(runs):
    test = bulbs((0.1, 0.2, None, 0.3), (0.9, None, 0.05))
    row = row_of(runs, test=test)
    assert row["num_unjudged"] == 2
    assert row["auroc"] == 3 / 6  # 0.9 above three, 0.05 above none
    for suffix in ("", "_at_overkill"):
        assert row[f"overkill_rate{suffix}"] == 1 / 4
        assert row[f"escape_rate{suffix}"] == 1 / 3


def test_unjudged_val_bulbs_choose_no_threshold(runs):
    row = row_of(runs, val=bulbs((None, None), (0.9, 0.8)))
    assert row["val_auroc"] is None
    assert row["threshold_at_overkill"] is None
    assert row["escape_rate_at_overkill"] is None
    assert row["escape_rate"] == 0


def test_what_was_measured_is_shares_and_values(runs):
    measured = {
        "orders": {
            "num_bulbs": 40,
            "num_orders": 24,
            "changed_bulbs": 10,
            "mean_changed": 0.125,
            "largest_change": 0.5,
        },
        "shifts": {"num_bulbs": 0, "num_orders": 4, "changed_bulbs": 0, "mean_changed": None},
        "reshots": None,
        "named_side": {"rejected_defective": 8, "right": 6},
        "fewer_views": {"1": {"auroc": 0.6, "escape_rate": 0.5}, "12": {"auroc": 0.9}},
        "cost": {"parameters": 1000, "flops_per_bulb": 2e6, "train_s": 1.5},
    }
    row = row_of(runs, measured=measured)
    assert (row["orders_changed"], row["orders_mean_changed"]) == (0.25, 0.125)
    assert (row["shifts_changed"], row["reshots_changed"]) == (None, None)
    assert row["named_side_right"] == 0.75
    assert (row["parameters"], row["train_s"], row["peak_mib"]) == (1000, 1.5, None)
    assert (row["auroc_1_views"], row["auroc_12_views"]) == (0.6, 0.9)
    assert (row["escape_rate_1_views"], row["escape_rate_12_views"]) == (0.5, None)
    assert list(row).index("auroc_12_views") < list(row).index("auroc_1_views")


def test_without_study_json_there_are_empty_columns(runs):
    row = row_of(runs, budget=None)
    assert row["orders_changed"] is row["parameters"] is row["named_side_right"] is None


@pytest.mark.parametrize(
    "measured",
    [
        {"cost": {"train_s": "long"}},
        {"cost": {"train_s": True}},
        {"orders": {"changed_bulbs": [1], "num_bulbs": 3}},
        {"fewer_views": {"2": {"auroc": "x"}}},
    ],
)
def test_a_measured_value_that_is_no_number_is_named(runs, measured):
    with pytest.raises(DataError, match=r"study\.json: \w+\.[\w.]+ is .*, expected a number"):
        row_of(runs, measured=measured)


def test_bulbs_at_the_threshold_are_rejected(runs):
    test = {"a": Made(0.5), "b": Made(0.4999, "defect")}
    row = row_of(runs, test=test)
    assert (row["overkill_rate_at_overkill"], row["escape_rate_at_overkill"]) == (1, 1)
