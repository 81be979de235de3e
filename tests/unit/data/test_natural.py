from bulbinspect.data.natural import natural_key


def test_numbers_count_by_value():
    names = ["view10", "view2", "view1", "10", "2", "b2a10", "b2a9", "b10a1"]

    assert sorted(names, key=natural_key) == [
        "2",
        "10",
        "b2a9",
        "b2a10",
        "b10a1",
        "view1",
        "view2",
        "view10",
    ]


def test_leading_zeros_break_ties_only():
    assert sorted(["2", "01", "1", "001"], key=natural_key) == ["001", "01", "1", "2"]


def test_numbers_and_words_can_be_mixed():
    assert sorted(["left", "", "1", "1left"], key=natural_key) == ["", "1", "1left", "left"]


def test_number_of_5000_digits_is_no_trouble():
    assert sorted(["9" * 5000, "1"], key=natural_key) == ["1", "9" * 5000]
