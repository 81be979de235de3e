"""What an attribute agreement study says, as tables and sentences, and its files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bulbinspect.data.table import write_rows
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.msa.appraisers import LINE, Appraiser
from bulbinspect.inspection.msa.msa import ANSWER_COLUMNS, answer_rows, changed_bulbs
from bulbinspect.inspection.predict import result_folder
from bulbinspect.inspection.reshots import Copies, ReshotBulb
from bulbinspect.report.sections import Cell, Section, Table
from bulbinspect.report.study_page import write_study_page

Result = Mapping[str, Any]
Figure = Mapping[str, Any] | None

_WORDS = {
    "effectiveness": "effectiveness",
    "miss_rate": "miss rate",
    "false_alarm_rate": "false-alarm rate",
}
_ABSENT = Cell("–")


def write_study(
    out: Path,
    result: Result,
    bulbs: Sequence[ReshotBulb],
    appraisers: Sequence[Appraiser],
    copies: Copies,
) -> None:
    """Write `msa.json`, `answers.csv` and `report.html` to the new folder `out`."""
    with result_folder(out) as folder:
        write_json(folder / "msa.json", result)
        with whole_file(folder / "answers.csv") as file:
            write_rows(file, [ANSWER_COLUMNS, *answer_rows(bulbs, appraisers, copies)])
        write_study_page(
            folder / "report.html",
            title="Attribute agreement",
            facts=_facts(result),
            sections=_sections(result, bulbs, appraisers[0]),
            plots={},
        )


def judgement(result: Result) -> list[str]:
    """Return what the study says of the line, in two sentences."""
    line = result["appraisers"][0]
    said = []
    for which, start in (
        ("light", "By its figures the line is"),
        ("light_at_worst", "At the unfavourable ends of their intervals it is"),
    ):
        lights = line["lights" if which == "light" else "lights_at_worst"]
        each = ", ".join(f"{_WORDS[name]} {light}" for name, light in lights.items())
        said.append(f"{start} {line[which]}: {each}.")
    return said


def appraiser_table(result: Result) -> Table:
    """Return a row for each appraiser with its rates and their intervals."""
    columns = (
        "appraiser",
        "bulbs",
        "trials",
        "agrees with itself",
        *(_WORDS.values()),
        "kappa with the truth",
        "amounts to",
    )
    rows = [
        (
            Cell(one["name"]),
            _count(one["num_bulbs"]),
            _count(one["num_trials"]),
            _percent(one["within"]),
            *(_percent(one[name]) for name in _WORDS),
            _kappa(one["truth_kappa"]),
            Cell(one["light"]),
        )
        for one in result["appraisers"]
    ]
    return Table(columns, tuple(rows))


def _facts(result: Result) -> dict[str, str]:
    facts = {
        "bulbs": f"{result['num_bulbs']}: {result['num_good']} good, {result['num_defective']} "
        f"defective; {result['num_limit']} at the limit",
        "shots": str(result["num_shots"]),
        "intervals": f"{100 * result['confidence']:g} %",
        "model": result["model"][:12],
        "manifest": result["manifest_sha256"][:12],
    }
    if result["gate_overrides"]:
        facts["gate, overridden"] = "; ".join(result["gate_overrides"])
    return facts


def _sections(result: Result, bulbs: Sequence[ReshotBulb], line: Appraiser) -> list[Section]:
    """Return the parts of the page; what there is nothing to say of is left out."""
    change = result["probability_change"]
    moved = (
        ()
        if change is None
        else (
            "From shot to shot the defect probability of a bulb moves by "
            f"{change['mean']:.3f} on average, by {change['largest']:.3f} at most.",
        )
    )
    possible = [
        Section("verdict", "The line", lead=tuple(judgement(result)), text=moved),
        Section("warnings", "Warnings", text=tuple(f"{one}." for one in result["warnings"])),
        Section(
            "appraisers",
            "Every appraiser",
            text=(
                "Agrees with itself: bulbs that got the same answer in every trial. Effectiveness: "
                "bulbs that got the right answer in every trial. Miss rate: trials on defective "
                "bulbs that passed. False-alarm rate: trials on good bulbs that were rejected.",
            ),
            table=appraiser_table(result),
        ),
        Section("limit", "At the limit", table=_limit_table(result)),
        Section("between", "With one another", text=_together(result), table=_pairs(result)),
        Section("answers", "Every answer", table=_answers(result)),
        Section(
            "bulbs",
            "Not right every time",
            text=("Bulbs to which the line gave a wrong answer at least once.",),
            table=_changed(bulbs, line),
        ),
    ]
    return [
        one
        for one in possible
        if (one.table.rows if one.table is not None else one.lead or one.text)
    ]


def _limit_table(result: Result) -> Table:
    """Return the effectiveness on clear bulbs and on those at the limit, if there are any."""
    rows = [
        (
            Cell(one["name"]),
            _percent(one["effectiveness_clear"]),
            _percent(one["effectiveness_limit"]),
        )
        for one in result["appraisers"]
        if result["num_limit"]
    ]
    return Table(("appraiser", "effectiveness, clear bulbs", "at the limit"), tuple(rows))


def _together(result: Result) -> tuple[str, ...]:
    between = result["between"]
    if between is None:
        return ()
    return (
        f"All gave the same answer every time: {_percent(between['agreement']).text} of the bulbs; "
        f"the right one: {_percent(between['all_right']).text}. Fleiss' kappa of all trials: "
        f"{_kappa(between['kappa']).text}.",
    )


def _pairs(result: Result) -> Table:
    pairs = result["between"]["pairs"] if result["between"] else ()
    rows = [
        (*map(Cell, pair["names"]), _percent(pair["agreement"]), _kappa(pair["kappa"]))
        for pair in pairs
    ]
    return Table(("one", "other", "same answer every time", "Cohen's kappa"), tuple(rows))


def _answers(result: Result) -> Table:
    """Return how often every appraiser gave which verdict; unjudged stands apart."""
    verdicts = tuple(result["appraisers"][0]["answers"]["good"])
    rows = [
        (Cell(one["name"]), Cell(truth), *(_count(counted[verdict]) for verdict in verdicts))
        for one in result["appraisers"]
        for truth, counted in one["answers"].items()
    ]
    return Table(("appraiser", "truth", *verdicts), tuple(rows))


def _changed(bulbs: Sequence[ReshotBulb], line: Appraiser) -> Table:
    """Return the bulbs that got a wrong answer at least once, and what was answered."""
    rows = []
    for bulb, verdicts in changed_bulbs(bulbs, line):
        some = [one.defect_probability for one in line.answers[bulb.name]]
        known = [one for one in some if one is not None]
        rows.append(
            (
                Cell(bulb.name),
                Cell(bulb.label),
                Cell("yes" if bulb.limit else "no"),
                Cell(", ".join(verdicts)),
                Cell(f"{min(known):.3f}", min(known)) if known else _ABSENT,
                Cell(f"{max(known):.3f}", max(known)) if known else _ABSENT,
            )
        )
    columns = ("bulb", "label", "limit", f"answers of the {LINE}", "least probability", "largest")
    return Table(columns, tuple(rows))


def _count(value: int) -> Cell:
    return Cell(str(value), float(value))


def _percent(figure: Figure) -> Cell:
    """Return a rate in per cent with its interval."""
    if figure is None:
        return _ABSENT
    share, low, high = (100 * figure[name] for name in ("share", "low", "high"))
    return Cell(f"{share:.1f} % ({low:.1f}–{high:.1f})", figure["share"])


def _kappa(figure: Figure) -> Cell:
    if figure is None:
        return _ABSENT
    ends = "" if figure["low"] is None else f" ({figure['low']:.2f} to {figure['high']:.2f})"
    return Cell(f"{figure['value']:.2f}{ends}".replace("-", "−"), figure["value"])
