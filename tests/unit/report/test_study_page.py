import re

import pytest
from tests.page import Page

from bulbinspect.report.sections import Cell, Section, Table, inline_svg
from bulbinspect.report.study_page import markdown, markdown_table, write_study_page

HOSTILE = "<img src=x onerror=alert(1)>\n</style></script>\udcff\u202e\x1b[31m\"'"
SVG = (
    '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg xmlns="http://www.w3.org/2000/svg">\n'
    '<metadata><x about="http://elsewhere"/></metadata>\n<defs><path id="m1" d="M0 0"/>'
    '<clipPath id="p1"/></defs><g clip-path="url(#p1)"><use xlink:href="#m1"/>'
    '<text> id="m1" href="#m1" url(#p1)</text></g></svg>'
)
TABLE = Table(
    ("arm", "AUROC"),
    (
        (Cell("one"), Cell("0.5", 0.5)),
        (Cell("two"), Cell("0.9", 0.9)),
        (Cell(HOSTILE), Cell("–")),
    ),
    frozenset({1}),
)


@pytest.fixture
def page(tmp_path):
    def write(*sections, title="Study", facts=None, plots=None):
        path = tmp_path / "report.html"
        write_study_page(path, title=title, facts=facts or {}, sections=sections, plots=plots or {})
        return Page(path.read_text(encoding="utf-8"))

    return write


def test_tables_say_which_rows_count_and_what_they_are_sorted_by(page):
    written = page(Section("a", "A", table=TABLE))
    assert [attrs.get("class") for attrs in written.all("tr")[1:]] == [None, "strong", None]
    assert ["data-numeric" in attrs for attrs in written.all("th")] == [False, True]
    orders = [attrs["data-order"] for attrs in written.all("td") if "data-order" in attrs]
    assert orders == ["0.5", "0.9"]


def test_a_folded_table_is_opened_by_a_click(page):
    assert len(page(Section("a", "A", table=TABLE, folded=True)).all("details")) == 1
    assert page(Section("a", "A", table=TABLE)).all("details") == []


def test_sections_have_their_place_in_the_navigation(page):
    written = page(Section("a", "A"), Section("b", "B", lead=("loud",), text=("more",)))
    assert [one["href"] for one in written.all("a")] == ["#a", "#b"]
    assert [one["id"] for one in written.all("section")] == ["a", "b"]
    assert [one.get("class") for one in written.all("p")] == ["lead", None]


def test_names_are_data_and_never_markup(page):
    section = Section("a", HOSTILE, (HOSTILE,), (HOSTILE,), "p", HOSTILE, TABLE)
    written = page(section, title=HOSTILE, facts={HOSTILE: HOSTILE}, plots={"p": SVG})
    assert len(written.all("script")) == 1
    assert len(written.all("style")) == 1
    assert written.all("img") == []
    assert not [attrs for _, attrs in written.elements if "onerror" in attrs]
    assert r"\udcff\u202e\x1b[31m" in written.text


def test_a_plot_keeps_its_ids_to_itself_and_its_words_as_they_are():
    inlined = inline_svg(SVG, "cost")
    assert inlined.startswith("<svg ")
    assert "metadata" not in inlined
    assert re.findall(r'<\w+ id="([^"]*)"', inlined) == ["cost-m1", "cost-p1"]
    assert '<use xlink:href="#cost-m1"/>' in inlined
    assert 'clip-path="url(#cost-p1)"' in inlined
    assert '<text> id="m1" href="#m1" url(#p1)</text>' in inlined


def test_markdown_has_the_same_sections_and_names_the_files_of_plots():
    text = markdown(
        title="Study",
        facts={"runs": "3"},
        sections=[Section("a", "A", ("loud",), ("more",), "cost", "what it shows", TABLE)],
    )
    lines = [line for line in text.splitlines() if line]
    assert lines[:6] == [
        "# Study",
        "- runs: 3",
        "## A",
        "loud",
        "more",
        "![what it shows](cost.svg)",
    ]


def test_markdown_tables_are_aligned_and_bold_where_it_counts():
    assert markdown_table(TABLE)[:4] == [
        "| arm | AUROC |",
        "|---|---:|",
        "| one | 0.5 |",
        "| **two** | **0.9** |",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("channel_shuffle", "channel_shuffle"),
        ("_x_", r"\_x\_"),
        ("a|b", r"a\|b"),
        ("a*b`c", r"a\*b\`c"),
        ("[x](y)", r"\[x\](y)"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\nb", r"a\\nb"),
    ],
)
def test_markdown_shows_names_as_they_are(name, shown):
    assert markdown_table(Table((name,), ()))[0] == f"| {shown} |"
