"""The figures of a small study, counted by hand, with kappas by scikit-learn and statsmodels."""

import csv
import itertools
import json
from dataclasses import replace

import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa
from tests.page import Page

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.errors import DataError
from bulbinspect.inspection.msa.appraisers import Answer, Appraiser, line_appraiser
from bulbinspect.inspection.msa.msa import (
    ANSWER_COLUMNS,
    answer_rows,
    changed_bulbs,
    study_agreement,
)
from bulbinspect.inspection.msa.page import appraiser_table, judgement, write_study
from bulbinspect.inspection.reshots import Copies, ReshotBulb

P, R, V, U = Verdict.PASS, Verdict.REJECT, Verdict.REVIEW, Verdict.UNJUDGED
NO_COPIES = Copies({}, 0)
FACTS = {"model": "m" * 64, "manifest_sha256": "f" * 64, "gate_overrides": [], "warnings": ["w"]}

# name, label, limit, what the line said of each shot, what anna and bert said
STUDY = [
    ("g1", "good", False, (P, P, P), (P, P), (P,)),
    ("g2", "good", False, (P, P, P), (P, P), (P,)),
    ("g3", "good", True, (P, R, P), (P, R), (R,)),
    ("g4", "good", True, (P, U, V), (P, P), (P,)),
    ("d1", "crack", False, (R, R, R), (R, R), (R,)),
    ("d2", "crack", False, (R, R, U), (R, R), (R,)),
    ("d3", "stain", True, (R, P, R), (P, P), ()),
]
PROBABILITY = {P: 0.1, R: 0.9, V: 0.5, U: None}


def shots(name, verdicts):
    return tuple(Bulb(f"{name}-{at}", ()) for at in range(1, len(verdicts) + 1))


BULBS = [
    ReshotBulb(name, label, limit, shots(name, verdicts))
    for name, label, limit, verdicts, *_ in STUDY
]
PREDICTIONS = [
    Prediction(
        f"{name}-{at}",
        verdict,
        "m",
        reason="truncated" if verdict is U else "",
        defect_probability=PROBABILITY[verdict],
    )
    for name, _, _, verdicts, *_ in STUDY
    for at, verdict in enumerate(verdicts, start=1)
]


def person(name, column):
    answers = {
        row[0]: [Answer(at, one) for at, one in enumerate(row[column], start=1)]
        for row in STUDY
        if row[column]
    }
    return Appraiser(name, answers)


LINE = line_appraiser(BULBS, PREDICTIONS, ())
APPRAISERS = [LINE, person("anna", 4), person("bert", 5)]


@pytest.fixture(scope="module")
def result():
    return study_agreement(BULBS, APPRAISERS, NO_COPIES, FACTS)


def exact(hits, bulbs):
    interval = stats.binomtest(hits, bulbs).proportion_ci(method="exact")
    return {
        "share": pytest.approx(hits / bulbs),
        "low": pytest.approx(interval.low),
        "high": pytest.approx(interval.high),
        "num_hits": hits,
        "num_trials": bulbs,
        "num_bulbs": bulbs,
        "confidence": 0.95,
    }


def hits(rate):
    return None if rate is None else (rate["num_hits"], rate["num_trials"], rate["num_bulbs"])


def test_the_bulbs_are_counted(result):
    numbers = [result[f"num_{what}"] for what in ("bulbs", "good", "defective", "limit", "shots")]
    assert numbers == [7, 4, 3, 3, 21]
    assert (result["num_copies"], result["shots_of_a_bulb"]) == (0, {"3": 7})


def test_the_line_is_measured_with_unjudged_as_a_reject(result):
    line = result["appraisers"][0]
    assert line["within"] == exact(4, 7)  # not g3, g4, d3; d2 is rejected three times
    assert line["effectiveness"] == exact(4, 7)
    assert hits(line["miss_rate"]) == (1, 9, 3)
    assert hits(line["false_alarm_rate"]) == (2, 12, 4)
    assert hits(line["review_rate"]) == (1, 21, 7)
    assert line["effectiveness_clear"] == exact(4, 4)
    assert line["effectiveness_limit"] == exact(0, 3)


def test_unjudged_is_shown_apart(result):
    assert result["unjudged"] == {"truncated": 2}
    assert result["appraisers"][0]["answers"] == {
        "good": {"pass": 9, "reject": 1, "review": 1, "unjudged": 1},
        "defective": {"pass": 1, "reject": 7, "review": 0, "unjudged": 1},
    }


def test_a_review_is_neither_a_miss_nor_a_false_alarm_nor_right():
    bulbs = [ReshotBulb("d", "crack", False, (Bulb("d", ()),)), BULBS[0]]
    line = line_appraiser(bulbs, [Prediction("d", V, "m"), *PREDICTIONS], ())
    figures = study_agreement(bulbs, [line], NO_COPIES, FACTS)["appraisers"][0]
    assert hits(figures["miss_rate"]) == (0, 1, 1)
    assert hits(figures["effectiveness"]) == (1, 2, 2)


def test_people_are_measured_like_the_line(result):
    _, anna, bert = result["appraisers"]
    assert (anna["name"], anna["num_bulbs"], anna["num_trials"]) == ("anna", 7, 14)
    assert anna["within"] == exact(6, 7)
    assert anna["effectiveness"] == exact(5, 7)
    assert hits(anna["miss_rate"]) == (2, 6, 3)
    assert hits(anna["false_alarm_rate"]) == (1, 8, 4)
    assert (bert["num_bulbs"], bert["within"], bert["within_kappa"]) == (6, None, None)
    assert bert["effectiveness"] == exact(5, 6)
    assert hits(bert["miss_rate"]) == (0, 2, 2)


def kappa_by_sklearn(one, other):
    """Over all pairs of trials, every bulb counted alike."""
    pairs = [
        (a, b, 1 / (len(first) * len(second)))
        for first, second in zip(one, other, strict=True)
        for a, b in itertools.product(first, second)
    ]
    a, b, weights = zip(*pairs, strict=True)
    return pytest.approx(cohen_kappa_score(a, b, sample_weight=weights))


def answers_of(column):
    return [[R if one is U else one for one in row[column]] for row in STUDY]


def test_kappas_are_those_of_sklearn_and_statsmodels(result):
    line, anna, _ = result["appraisers"]
    truth = [[P if row[1] == "good" else R] for row in STUDY]
    assert line["truth_kappa"]["value"] == kappa_by_sklearn(answers_of(3), truth)
    assert anna["truth_kappa"]["value"] == kappa_by_sklearn(answers_of(4), truth)
    counts = [[some.count(one) for one in (P, R, V)] for some in answers_of(3)]
    assert line["within_kappa"]["value"] == pytest.approx(fleiss_kappa(counts, method="fleiss"))


def test_appraisers_are_held_against_one_another(result):
    between = result["between"]
    assert between["agreement"] == exact(4, 6)  # g1, g2, d1, d2; bert did not see d3
    assert between["all_right"] == exact(4, 6)
    names = [pair["names"] for pair in between["pairs"]]
    assert names == [["line", "anna"], ["line", "bert"], ["anna", "bert"]]
    assert between["pairs"][0]["agreement"] == exact(4, 7)
    assert between["pairs"][0]["kappa"]["value"] == kappa_by_sklearn(answers_of(3), answers_of(4))
    together = [
        [sum(row[at].count(one) for at in (0, 1, 2)) for one in (P, R, V)]
        for row in zip(answers_of(3), answers_of(4), answers_of(5), strict=True)
        if row[2]
    ]
    assert between["kappa"]["value"] == pytest.approx(fleiss_kappa(together, method="fleiss"))


def test_alone_there_is_nobody_to_agree_with():
    assert study_agreement(BULBS, [LINE], NO_COPIES, FACTS)["between"] is None


def test_the_lights_are_of_the_figures_and_of_what_they_could_prove(result):
    line = result["appraisers"][0]
    assert set(line["lights"].values()) == {"unacceptable"}
    assert line["light"] == line["light_at_worst"] == "unacceptable"
    right = [bulb for bulb in BULBS if bulb.name in ("g1", "g2", "d1")]
    better = study_agreement(right, [LINE], NO_COPIES, FACTS)["appraisers"][0]
    assert (better["light"], better["light_at_worst"]) == ("acceptable", "unacceptable")
    only_good = [bulb for bulb in right if not bulb.defective]
    assert study_agreement(only_good, [LINE], NO_COPIES, FACTS)["appraisers"][0]["light"] == (
        "unknown"
    )


def test_who_was_asked_once_is_not_known_to_be_reliable():
    once = [replace(bulb, shots=bulb.shots[:1]) for bulb in BULBS]
    line = study_agreement(once, [line_appraiser(once, PREDICTIONS, ())], NO_COPIES, FACTS)
    assert line["appraisers"][0]["effectiveness"] == exact(7, 7)
    assert set(line["appraisers"][0]["lights"].values()) == {"acceptable"}
    assert line["appraisers"][0]["light"] == "unknown"


def test_the_probability_moves_from_shot_to_shot(result):
    # g3 and d3 by 0.8, g4 by 0.4, four not at all
    assert result["probability_change"] == {
        "mean": pytest.approx(2.0 / 7),
        "largest": pytest.approx(0.8),
    }


def test_bulbs_that_were_not_right_every_time_are_named():
    assert changed_bulbs(BULBS, LINE) == [
        (BULBS[2], [P, R, P]),
        (BULBS[3], [P, U, V]),
        (BULBS[6], [R, P, R]),
    ]


def test_copies_have_a_row_and_no_answer():
    copies = Copies({"g1-2": "g1-1"}, 0)
    line = line_appraiser(BULBS, PREDICTIONS, copies.of)
    result = study_agreement(BULBS, [line], copies, FACTS)
    assert result["appraisers"][0]["num_trials"] == 20
    assert (result["num_copies"], result["shots_of_a_bulb"]) == (1, {"3": 6, "2": 1})
    rows = [
        dict(zip(ANSWER_COLUMNS, row, strict=True)) for row in answer_rows(BULBS, [line], copies)
    ]
    assert len(rows) == 21
    assert rows[1] == {
        "bulb": "g1",
        "label": "good",
        "limit": "no",
        "appraiser": "line",
        "trial": "2",
        "shot": "g1-2",
        "answer": "",
        "right": "",
        "reason": "copy",
        "defect_probability": "",
    }


def test_predictions_that_are_not_those_of_the_shots_are_refused():
    bulbs = BULBS[:2]
    given = [PREDICTIONS[0], *PREDICTIONS[:5], Prediction("g2-3", None, "m")]
    with pytest.raises(DataError) as caught:
        line_appraiser(bulbs, given, ())
    assert caught.value.problems == ("shot 'g1-1' was judged twice", "shot 'g2-3' has no verdict")
    with pytest.raises(DataError, match="'g2-3' was not judged"):
        line_appraiser(bulbs, PREDICTIONS[:5], ())


def test_the_files_hold_every_answer_and_the_page_needs_nothing_else(tmp_path, result):
    hostile = "=<img src=x onerror=alert(1)>\x1b[31m"
    bulbs = [ReshotBulb(hostile, "crack", True, BULBS[2].shots), *BULBS[:2], *BULBS[3:]]
    line = line_appraiser(bulbs, PREDICTIONS, ())
    appraisers = [line, person("anna", 4), Appraiser(hostile, person("bert", 5).answers)]
    found = study_agreement(bulbs, appraisers, NO_COPIES, FACTS)
    write_study(tmp_path / "out", found, bulbs, appraisers, NO_COPIES)
    assert json.loads((tmp_path / "out" / "msa.json").read_text()) == found
    with (tmp_path / "out" / "answers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21 + 12 + 5  # g3, here called otherwise, was not answered by people
    assert rows[0]["bulb"] == r"'=<img src=x onerror=alert(1)>\x1b[31m"
    assert {row["right"] for row in rows} == {"yes", "no"}
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.all("img") == []
    assert "onerror=alert(1)" in page.text
    for text in ("Warnings", "At the limit", "With one another", "pass, unjudged, review"):
        assert text in page.text


def test_what_the_terminal_shows_is_what_was_measured(result):
    table = appraiser_table(result)
    cells = [cell.text for cell in table.rows[0]]
    assert cells[:4] == ["line", "7", "21", "57.1 % (18.4–90.1)"]
    assert cells[-1] == "unacceptable"
    assert [cell.text for cell in table.rows[2]][3] == "–"
    first, second = judgement(result)
    assert first == (
        "By its figures the line is unacceptable: effectiveness unacceptable, miss rate "
        "unacceptable, false-alarm rate unacceptable."
    )
    assert second.startswith("At the unfavourable ends of their intervals it is unacceptable: ")
