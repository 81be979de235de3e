import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.inspection.text import for_spreadsheet, for_terminal


@pytest.mark.parametrize("text", ["lamp-7", "Glühbirne 3", "灯", "", "it's", "5=5"])
def test_harmless_text_stays(text):
    assert for_terminal(text) == for_spreadsheet(text) == text


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@SUM(A1)"])
def test_a_formula_becomes_text(text):
    assert for_spreadsheet(text) == "'" + text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\t=1", r"'\x09=1"), ("\r=1", r"'\x0d=1"), ("a\nb", "a\nb"), ("a\x1b[2Jb", r"a\x1b[2Jb")],
)
def test_control_characters_are_shown_in_a_cell(text, expected):
    assert for_spreadsheet(text) == expected


@given(st.text(st.characters()))
def test_no_control_character_reaches_a_terminal(text):
    shown = for_terminal(text)
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in shown)
    shown.encode("utf-8")


@given(st.text(st.characters()))
def test_no_cell_starts_like_a_formula(text):
    assert for_spreadsheet(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    for_spreadsheet(text).encode("utf-8")


def test_bytes_that_are_no_text_are_shown():
    assert for_terminal(b"a\xff".decode("utf-8", "surrogateescape")) == r"a\udcff"
