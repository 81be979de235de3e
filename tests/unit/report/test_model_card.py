import pytest

from bulbinspect.report.model_card import CardSection, code, render_card, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good", "`good`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a``", "``` a`` ```"),
        (" ", "`   `"),
        ("", "`  `"),
        ("line\nbreak \u202e\udcff", r"`line\nbreak \u202e\udcff`"),
        ("<img onerror=x>", "`<img onerror=x>`"),
    ],
)
def test_a_text_is_code_in_which_nothing_is_markup(text, expected):
    assert code(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "none"),
        (0.25, "`0.25`"),
        (True, "`true`"),
        ("x", "`x`"),
        (["a|b", 2], r'`["a\|b", 2]`'),
        ({}, "`{}`"),
    ],
)
def test_plain_values_are_shown_as_they_are(value, expected):
    assert shown(value) == expected


def test_a_card_is_headings_sentences_and_tables():
    sections = [
        CardSection(title="One", sentences=["First.", "Second."]),
        CardSection(title="Two", values={"a": 1, "b": {"c": "x", "d": {"e": None}}}),
    ]
    assert render_card("Card", sections) == (
        "# Card\n\n## One\n\nFirst.\n\nSecond.\n\n## Two\n\n| | |\n|---|---|\n"
        "| `a` | `1` |\n| `b.c` | `x` |\n| `b.d.e` | none |\n"
    )
