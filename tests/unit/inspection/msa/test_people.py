import pytest

from bulbinspect.bulb import Bulb, Verdict
from bulbinspect.errors import DataError
from bulbinspect.inspection.msa.people import read_people
from bulbinspect.inspection.reshots import ReshotBulb

BULBS = [
    ReshotBulb("one", "good", False, (Bulb("one", ()), Bulb("one-shot2", ()))),
    ReshotBulb("two", "defect", False, (Bulb("b", ()), Bulb("c", ()))),
]


@pytest.fixture
def read(tmp_path):
    def call(text, bulbs=BULBS):
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return read_people(path, bulbs)

    return call


def test_columns_are_looks_of_people_and_rows_are_bulbs(read):
    anna, bert = read(
        "bulb_id,anna-2,anna-1,bert-x-1\none-shot2,pass,reject,\ntwo,Reject,REVIEW,pass"
    )
    assert (anna.name, bert.name) == ("anna", "bert-x")
    assert anna.counts(BULBS).tolist() == [[1, 1, 0], [0, 1, 1]]
    assert [one.verdict for one in anna.answers["one"]] == [
        Verdict.REJECT,
        Verdict.PASS,
    ]  # by trial
    assert bert.counts(BULBS).tolist() == [[0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("anna-1\npass", "line 1: no column 'bulb_id'"),
        ("bulb_id\none", "line 1: no column NAME-TRIAL, such as anna-1"),
        ("bulb_id,anna\none,pass", "line 1: column 'anna' is not NAME-TRIAL, such as anna-1"),
        ("bulb_id,line-1\none,pass", "line 1: column 'line-1': line is what the bundle is called"),
        ("bulb_id,anna-1,anna-01\none,pass,", "line 1: trial 1 of 'anna' stands there twice"),
        ("bulb_id,anna-1\nthree,pass", "line 2: bulb 'three' is not in the manifest"),
        ("bulb_id,anna-1\nb,pass\nc,pass", "line 3: bulb 'two' is already in line 2"),
        ("bulb_id,anna-1\none,good", "line 2: anna-1 is 'good', expected pass, reject, review or"),
        ("bulb_id,anna-1\none,unjudged", "line 2: anna-1 is 'unjudged', expected pass"),
        ("bulb_id,anna-1\none,pass,pass", "line 2: 3 cells, the header has 2"),
        ("bulb_id,anna-1\none,", "'anna' answered nothing"),
        ("bulb_id,anna-" + "1" * 5000 + "\none,pass", "is not NAME-TRIAL"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, text, problem):
    with pytest.raises(DataError) as caught:
        read(text)
    assert any(problem in one for one in caught.value.problems)


def test_a_name_that_two_bulbs_have_is_refused(read):
    bulbs = [*BULBS, ReshotBulb("c", "good", False, (Bulb("d", ()),))]
    with pytest.raises(DataError, match="line 2: 'c' is a group, and a shot of another group"):
        read("bulb_id,anna-1\nc,pass", bulbs)
    assert read("bulb_id,anna-1\nd,pass", bulbs)[0].answers.keys() == {"c"}


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_people(tmp_path / "absent.csv", BULBS)
